/** A server with one room, `/room`, for each test of a file: its definition is the test's. */
import { afterEach } from 'vitest'
import type { Client } from './client.ts'
import { type Line, startServer, type TestServer } from './server.ts'

export interface OneRoom {
  readonly server: TestServer
  start(definition: unknown, line?: Omit<Line, 'definition'>): Promise<TestServer>
  /** A peer of the room, once it is welcomed. */
  enter(name: string): Promise<Client>
}

export function openOneRoom(): OneRoom {
  let server: TestServer | undefined
  const house: OneRoom = {
    get server() {
      if (!server) throw new Error('expected a running server: start() one first')
      return server
    },
    async start(definition, line = {}) {
      server = await startServer({ rooms: { '/room': { definition, ...line } } })
      return server
    },
    async enter(name) {
      const peer = await house.server.connect('/room', { name })
      await peer.next('welcome')
      return peer
    },
  }
  afterEach(async () => {
    const running = server
    server = undefined
    await running?.close()
  })
  return house
}
