/** A server with one room, `/room`, for each test of a file: its definition is the test's. */
import { afterEach } from 'vitest'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import type { Client } from './client.ts'
import { closeInTime } from './close-in-time.ts'
import { type Line, startServer, type TestServer } from './server.ts'

export interface OneRoom {
  readonly server: TestServer
  /** `clock`: the clock of the server. */
  start(definition: unknown, line?: Omit<Line, 'definition'>, clock?: HandClock): Promise<TestServer>
  /** A peer of the room, once it is welcomed. */
  enter(name: string): Promise<Client>
}

export function openOneRoom(): OneRoom {
  let server: TestServer | undefined
  let time: HandClock | undefined
  const fixture: OneRoom = {
    get server() {
      if (!server) throw new Error('expected a running server: start() one first')
      return server
    },
    async start(definition, line = {}, clock) {
      time = clock
      server = await startServer({ rooms: { '/room': { definition, ...line } }, ...(clock && { clock }) })
      return server
    },
    async enter(name) {
      const peer = await fixture.server.connect('/room', { name })
      await peer.next('welcome')
      return peer
    },
  }
  afterEach(async () => {
    const running = server
    server = undefined
    if (!running) return
    await (time ? closeInTime(running, time) : running.close())
  })
  return fixture
}
