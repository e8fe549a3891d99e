/**
 * A server with Socket.IO that a file of tests attacks, and two honest peers in its room `/talk`, one over a WebSocket, one
 * a stock Socket.IO client. After each test each must hear what the other says, and nothing of the attackers may be left.
 */
import { io, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { BarePolling } from './bare-polling.ts'
import { type BareOptions, BareSocketIo } from './bare-socketio.ts'
import type { Client } from './client.ts'
import { patiently } from './patience.ts'
import { BRIEF_DRAIN, type Setup, startServer, type TestServer } from './server.ts'

const RATE = { perSecond: 1e6, burst: 1e6 }

export const talk = defineRoom({
  receives: { say: z.unknown() },
  sends: { said: z.unknown() },
  open: (room) => ({ receive: { say: (peer, text) => void room.broadcast('said', text, { except: peer }) } }),
})

export interface Besieged {
  readonly server: TestServer
  /** An attacker in `/talk`, over a WebSocket; it is destroyed after the test. */
  join(): Promise<BareSocketIo>
  /** One that is in no room yet. */
  open(options?: BareOptions): Promise<BareSocketIo>
  /** An attacker in `/talk` who polls; its session is closed after the test. */
  joinPolling(): Promise<BarePolling>
  openPolling(query?: string): Promise<BarePolling>
}

export function openBesieged(setup: Setup = {}): Besieged {
  let server: TestServer
  let webSocket: Client
  let socketIo: Socket
  let count = 0
  const ends: (() => unknown)[] = []

  beforeAll(async () => {
    server = await startServer({
      env: { LOG_LEVEL: 'warn', ...BRIEF_DRAIN },
      ...setup,
      server: { limits: { handshakes: RATE }, ...setup.server },
      defaults: { rejoinWithin: 0, limits: { perAddress: 100_000, rate: RATE }, ...setup.defaults },
      rooms: { '/talk': { definition: talk }, ...setup.rooms },
    })
    webSocket = await server.connect('/talk')
    await webSocket.next('welcome')
    socketIo = io(`${server.url}/talk`, { transports: ['websocket'], forceNew: true, reconnection: false })
    await patiently(new Promise((resolve) => socketIo.once('welcome', resolve)), 'the welcome')
  })

  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    count += 1
    const heard = new Promise((resolve) => socketIo.on('said', (text) => text === `a${count}` && resolve(text)))
    webSocket.send('say', `a${count}`)
    await patiently(heard, 'the Socket.IO peer to hear the WebSocket peer')
    socketIo.off('said').emit('say', `b${count}`)
    while ((await webSocket.next('said')).data !== `b${count}`);
    // The two honest ones, and nobody else.
    await expect.poll(() => gauges(server)).toEqual({ '/talk': 2 })
  })

  afterAll(async () => {
    webSocket.socket.terminate()
    socketIo.disconnect()
    await patiently(emptied(server), 'the last peers to be counted out')
    await server.close()
  })

  const kept = (bare: BareSocketIo) => {
    ends.push(() => bare.destroy())
    return bare
  }
  const keptSession = (polling: BarePolling) => {
    ends.push(() => polling.close())
    return polling
  }
  return {
    get server() {
      return server
    },
    join: async () => kept(await BareSocketIo.join(server.ws, '/talk')),
    open: async (options) => kept(await BareSocketIo.open(server.ws, options)),
    joinPolling: async () => keptSession(await BarePolling.join(server.url, '/talk')),
    openPolling: async (query) => keptSession(await BarePolling.open(server.url, query)),
  }
}

async function emptied(server: TestServer): Promise<void> {
  while (Object.keys(await gauges(server)).length > 0);
}

/** How many peers each room has, as its metrics say it; rooms without any are left out. */
export async function gauges(server: TestServer): Promise<Record<string, number>> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const found = [...text.matchAll(/^corridor_peers\{room="([^"]*)"\} (\d+)$/gm)]
  return Object.fromEntries(found.map(([, room = '', peers]) => [room, Number(peers)]).filter(([, peers]) => peers))
}
