/** The server that foreign clients are sent to, behind a relay, with honest peers of the tests beside them. */
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import type { Client } from '../support/client.ts'
import { passUntil } from '../support/close-in-time.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SECRET } from '../support/tokens.ts'
import { Relay } from './relay.ts'

/** Ends who says `4000 some reason`, and tells everyone what else is said. */
const ends = defineRoom({
  open: (room) => ({
    message(peer, data) {
      const [, code, reason] = /^(\d{4}) (.*)$/.exec(String(data)) ?? []
      if (code) peer.close(Number(code), reason)
      else room.broadcast(data)
    },
  }),
})

/** Lets nobody in, after a look at it. */
const shut = defineRoom({
  sends: { said: z.string() },
  open: () => ({
    join() {
      throw new RoomError('shut_today', 'come back tomorrow')
    },
  }),
})

export interface Scene {
  readonly server: TestServer
  readonly relay: Relay
  /** Enters an event room with the tests' own client. */
  enter(path: string): Promise<Client>
  /** Says something in a raw room. */
  say(path: string, text: string): Promise<void>
  /** Lets the server's time pass; otherwise it stands still. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

export async function openScene(): Promise<Scene> {
  const clock = handClock(Date.now())
  const auth = { secret: SECRET, cookie: 'pass' }
  const server = await startServer({
    clock,
    defaults: { limits: { payload: '1MiB', rate: { perSecond: 1000, burst: 1000 } } },
    rooms: {
      '/echo': { module: 'echo' },
      '/packed': { module: 'echo', compression: true },
      '/ends': { definition: ends },
      '/shut': { definition: shut },
      '/notes/:name': { definition: notes },
      '/secret': { definition: notes, auth, protocols: ['notes.1'] },
    },
  })
  const relay = await Relay.open(server.port)
  return {
    server,
    relay,
    async enter(path) {
      const client = await server.connect(path, { name: 'ben' })
      await client.next('welcome')
      return client
    },
    async say(path, text) {
      const client = await server.connect(path)
      client.sendText(text)
      await client.nextText()
      await client.close()
    },
    pass: (ms) => clock.advance(ms),
    async close() {
      await relay.close()
      await passUntil(clock, server.close())
    },
  }
}
