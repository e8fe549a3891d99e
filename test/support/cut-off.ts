/**
 * A server behind a cable, for stock Socket.IO clients that lose their connection: `cable.unplug()`
 * loses it, `cable.plug()` lets them come back, `restart()` gives them another server on the same data.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { Cable } from './cable.ts'
import { BRIEF_DRAIN, type Line, startServer, type TestServer } from './server.ts'
import { type StockOptions, type StockSocket, stockSocket, type Transport } from './stock-socket.ts'

/** `say` is published, `hint` is broadcast; both are bare strings, which a client could take for an offset. */
export const SAYINGS = defineRoom({
  receives: { say: z.string(), hint: z.string() },
  sends: { said: z.string(), hinted: z.string() },
  open: (room) => ({
    receive: {
      say: (_, text) => room.publish('said', text),
      hint: (_, text) => room.broadcast('hinted', text),
    },
  }),
})

export interface Speaker {
  /** Resolves when all are kept. */
  say(...texts: string[]): Promise<void>
  hint(text: string): void
}

export interface CutOff {
  readonly server: TestServer
  readonly cable: Cable
  /** A stock client behind the cable; it ends with the test. */
  open(path: string, transport?: Transport, options?: StockOptions): StockSocket
  /** Any other client, made by the test; it ends with the test. */
  watch<S extends { readonly socket: { disconnect(): unknown } }>(client: S): S
  /** Someone else in the room, over WebSocket, straight to the server. */
  speaker(path: string): Promise<Speaker>
  /** Unplugs the cable and waits until each client has noticed. */
  lose(...clients: readonly Pick<StockSocket, 'until' | 'disconnects'>[]): Promise<void>
  /** Closes the server and starts it again: on the same data, or on none. */
  restart(how?: { forgets: boolean }): Promise<void>
}

/** `isDurable`: its data is on disk, for a restart. */
export function openCutOff(
  rooms: Record<string, Line>,
  { defaults = {}, isDurable = false }: { defaults?: Record<string, unknown>; isDurable?: boolean } = {},
): CutOff {
  let folder = ''
  let server: TestServer | undefined
  let cable: Cable | undefined
  const clients: { readonly socket: { disconnect(): unknown } }[] = []
  const start = (env: Record<string, string>) => startServer({ rooms, defaults, env: { ...BRIEF_DRAIN, ...env } })
  const durable = () => {
    if (!isDurable) throw new Error('expected isDurable: nothing is left after a restart')
    return { DATA_DIR: folder }
  }
  const running = <T>(part: T | undefined): T => {
    if (!part) throw new Error('expected to be called in a test')
    return part
  }
  const fixture: CutOff = {
    get server() {
      return running(server)
    },
    get cable() {
      return running(cable)
    },
    open: (path, transport = 'websocket', options = {}) =>
      fixture.watch(stockSocket(`${fixture.cable.url}${path}`, transport, options)),
    watch(client) {
      clients.push(client)
      return client
    },
    async speaker(path) {
      const client = await fixture.server.connect(path, { client: 'speaker' })
      await client.next('welcome')
      return {
        async say(...texts) {
          for (const text of texts) client.send('say', text, text)
          for (const _ of texts) await client.next('ack')
        },
        hint: (text) => client.send('hint', text),
      }
    },
    async lose(...clients) {
      const lost = clients.map((client) => {
        const before = client.disconnects.length
        return () => client.until(() => client.disconnects.length > before, 'the loss of the connection')
      })
      fixture.cable.unplug()
      for (const noticed of lost) await noticed()
    },
    async restart({ forgets } = { forgets: false }) {
      await fixture.server.close()
      server = await start(forgets ? {} : durable())
    },
  }
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-cut-off-'))
    server = await start(isDurable ? durable() : {})
    cable = await Cable.to(server.port)
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.disconnect()
    // While the cable is whole: the server hears at once that they leave, and waits for nobody.
    cable?.plug()
    await server?.close()
    await cable?.close()
    rmSync(folder, { recursive: true })
  })
  return fixture
}

/** What a welcome says of who it is for and where it begins. */
export interface Welcome {
  readonly you: { readonly id: string; readonly name: string }
  readonly epoch: string
  readonly resumed?: boolean
  readonly reason?: string
}

export async function welcome(socket: Pick<StockSocket, 'next'>): Promise<Welcome> {
  return (await socket.next('welcome'))[0] as Welcome
}

/** Until the client has heard this text said. */
export function hears(socket: Pick<StockSocket, 'until' | 'all'>, text: string): Promise<void> {
  return socket.until(() => socket.all('said').includes(text), `"${text}"`)
}

/** Until the client has connected so many times. */
export function connected(socket: Pick<StockSocket, 'until' | 'connects'>, times: number): Promise<void> {
  return socket.until(() => socket.connects.length >= times, `connect ${times}`)
}
