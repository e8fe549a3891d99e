/**
 * Clients whose network is away for 4 s, each at a different time: how soon each is in its room again after the network
 * is back, and how many come at once. A relay between them and the server is the network: it resets and refuses, or goes
 * silent.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientRoom, connect } from '../../src/client/client.ts'
import { bound, tell } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'

const CLIENTS = 100
const AWAY_MS = 4000
/** What counts as at once. */
const MOMENT_MS = 250

/** A network of one client that can be away. */
class Relay {
  readonly #port: number
  readonly #silent: boolean
  readonly #pairs = new Set<[Socket, Socket]>()
  readonly #held: Socket[] = []
  readonly #server: Server
  #isAway = false

  private constructor(port: number, silent: boolean) {
    this.#port = port
    this.#silent = silent
    this.#server = createServer((socket) => this.#take(socket))
  }

  static async open(port: number, silent: boolean): Promise<Relay> {
    const relay = new Relay(port, silent)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What is open is reset, or stands still; what comes meanwhile is reset, or waits. */
  leave(): void {
    this.#isAway = true
    for (const socket of [...this.#pairs].flat()) {
      if (this.#silent) socket.pause()
      else socket.resetAndDestroy()
    }
  }

  back(): void {
    this.#isAway = false
    for (const socket of [...this.#pairs].flat()) socket.resume()
    for (const socket of this.#held.splice(0)) this.#pass(socket)
  }

  close(): void {
    this.#server.close()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  #take(socket: Socket): void {
    socket.on('error', () => {})
    if (!this.#isAway) this.#pass(socket)
    else if (this.#silent) this.#held.push(socket.pause())
    else socket.resetAndDestroy()
  }

  #pass(socket: Socket): void {
    const other = dial(this.#port, '127.0.0.1')
    other.on('error', () => {})
    const pair: [Socket, Socket] = [socket, other]
    this.#pairs.add(pair)
    socket.pipe(other).pipe(socket)
    socket.once('close', () => {
      other.destroy()
      this.#pairs.delete(pair)
    })
  }
}

describe.each([
  ['resets and refuses', false],
  ['goes silent', true],
])('a network that %s', (how, silent) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ rooms: { '/room': { definition: notes, limits: { peers: 1000, perAddress: 1000 } } } })
  })
  afterAll(() => server.close())

  it(`for ${AWAY_MS} ms`, async () => {
    const port = Number(new URL(server.url).port)
    const relays = await Promise.all(Array.from({ length: CLIENTS }, () => Relay.open(port, silent)))
    const rooms: ClientRoom<typeof notes>[] = relays.map(({ url }) => connect<typeof notes>(`${url}/room`))
    await Promise.all(rooms.map(isOpen))
    // Each has been there long enough for its loss to be a first one.
    await new Promise((resolve) => setTimeout(resolve, 6000))
    const returns = await Promise.all(
      rooms.map(async (room, index) => {
        const relay = relays[index] as Relay
        relay.leave()
        const answered = room.send('note', { text: 'are you there?' })
        await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
        relay.back()
        const backAt = performance.now()
        await answered
        return performance.now() - backAt
      }),
    )
    returns.sort((a, b) => a - b)
    const p95 = returns[Math.floor(CLIENTS * 0.95)] as number
    tell('DP4', `clients whose network ${how} for 4 s: back after, p50 ms`, returns[CLIENTS / 2] as number)
    bound('DP4', `clients whose network ${how} for 4 s: back after, p95 ms`, p95, 3000)
    // A silent network loses no connection, so nobody comes back.
    if (!silent) {
      const most = Math.max(
        ...returns.map((at) => returns.filter((other) => other >= at && other < at + MOMENT_MS).length),
      )
      bound('DP4', 'clients that come back within one quarter of a second, at most, %', (most / CLIENTS) * 100, 50)
    }
    for (const room of rooms) room.close()
    for (const relay of relays) relay.close()
    expect(returns).toHaveLength(CLIENTS)
  })
})

function isOpen(room: ClientRoom<typeof notes>): Promise<void> {
  return new Promise((resolve) => {
    if (room.state === 'open') return resolve()
    const stop = room.onState(({ state }) => {
      if (state !== 'open') return
      stop()
      resolve()
    })
  })
}
