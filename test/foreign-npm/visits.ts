/** Socket.IO clients that end with the test that opened them. */
import { afterEach } from 'vitest'
import { type Options, Visit } from './socket-io.ts'

/** `url`: of the server whose rooms are asked for by their path. */
export function openVisits(url: () => string): (path: string, options?: Options) => Visit {
  let visits: Visit[] = []
  afterEach(() => {
    for (const { socket } of visits) {
      socket.disconnect()
      socket.io.engine?.close()
    }
    visits = []
  })
  return (path, options) => {
    const visit = new Visit(path.startsWith('/') ? `${url()}${path}` : path, options)
    visits.push(visit)
    return visit
  }
}
