/**
 * A server with small limits for each test, and how often each was exceeded. It runs on a hand clock
 * if a limit is a time.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach } from 'vitest'
import type { Limit } from '../../src/tally.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { BarePeer } from './bare-peer.ts'
import { passUntil } from './close-in-time.ts'
import notes from './notes.ts'
import { type Setup, startServer, type TestServer } from './server.ts'

export interface LimitedServer {
  readonly server: TestServer
  /** `isByHand`: it runs on a hand clock, which `pass` advances. */
  start(setup: Setup, isByHand?: boolean): Promise<void>
  /** The same with one event room (`/notes`) and one raw one (`/echo`) of these limits. */
  startWith(limits: Record<string, unknown>, isByHand?: boolean): Promise<void>
  pass(seconds: number): Promise<void>
  /** Lets time pass until the promise settles. */
  passUntil<T>(promise: Promise<T>): Promise<T>
  /** How often a limit was exceeded, by `/metrics`. */
  count(limit: Limit, room?: string): Promise<number>
  /** A peer that sends any bytes. */
  bare(path: string): Promise<BarePeer>
}

export function openLimited(): LimitedServer {
  let server: TestServer
  let clock: HandClock | undefined
  const fixture: LimitedServer = {
    get server() {
      return server
    },
    async start(setup, isByHand = false) {
      clock = isByHand ? handClock() : undefined
      server = await startServer({ ...setup, ...(clock && { clock }) })
    },
    startWith(limits, isByHand) {
      return fixture.start({ rooms: { '/notes': { definition: notes, limits }, '/echo': { limits } } }, isByHand)
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second += 1) await clock?.advance(1000)
    },
    passUntil: (promise) => (clock ? passUntil(clock, promise) : promise),
    async count(limit, room = '/notes') {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      const line = text
        .split('\n')
        .find((line) => line.startsWith(`corridor_limits_total{room="${room}",limit="${limit}"} `))
      return Number(line?.split(' ').at(-1) ?? 0)
    },
    bare: (path) => BarePeer.open(`${server.ws}${path}`),
  }
  afterEach(async () => {
    await fixture.passUntil(server.close())
  })
  return fixture
}

export const note = (text = 'a', more = {}) => ({ type: 'note', data: { text, ...more } })

/** Long enough for what is under way on this machine to arrive. */
export const settled = () => wait(50)
