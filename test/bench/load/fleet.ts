/** All connections of a job: opens them, opens again what the server closed, and lets most of them rest at low rates. */
import { setImmediate as turn } from 'node:timers/promises'
import { Connection, type Tally } from './connection.ts'
import { dialects } from './dialect.ts'
import { ReadArea } from './frames.ts'
import { Histogram } from './histogram.ts'
import type { Job, Storm } from './job.ts'
import { Nap, SHORT_NAP_MS } from './nap.ts'
import { cpuUsOf } from './processor.ts'

/** One connection in so many reads at once and reads times. */
const SAMPLED = 8
/** Above so many deliveries per second, one in eight is timed on a connection that reads times. */
const MANY = 1e6
const CONNECTING = 400
const OPENING_MS = 60_000
/** A resting connection reads after so many messages or bytes, whichever comes first, or after the longest rest. */
const REST = { messages: 16, bytes: 16 * 1024, longestMs: 250, shortestMs: 10 }
/** Times of the newest messages of a room, for messages identified by their order. */
const RING = 65_536

export class Fleet {
  readonly job: Job
  readonly tally: Tally
  connections: Connection[] = []
  /** Messages published to each room since the last reset. */
  published: Uint32Array
  closed = 0
  /** Where connections go instead of the job's path. */
  path: string | undefined
  readonly #area = new ReadArea()
  readonly #times: Float64Array[]
  #resting: NodeJS.Timeout | undefined

  constructor(job: Job) {
    this.job = job
    this.published = new Uint32Array(job.rooms)
    // Compressed messages are identified by their order; their content is not read.
    this.#times = job.isDeflated ? Array.from({ length: job.rooms }, () => new Float64Array(RING)) : []
    const dialect = dialects[job.dialect]
    this.tally = {
      delivered: 0,
      bytes: 0,
      reads: 0,
      lastUs: 0,
      readUs: 0,
      latencies: new Histogram(),
      timedEvery: 1,
      mark: job.isDeflated ? undefined : job.hasAcks ? dialect.ack : dialect.delivery,
      published: job.isDeflated ? (room, index) => this.#times[room]?.[index % RING] : undefined,
      onDelivery: undefined,
      onClosed: () => {
        this.closed += 1
      },
    }
  }

  /** Opens what is missing of the first `most` peers, at most `CONNECTING` at a time. Rejects with the first refusal. */
  async open(most = this.job.peers): Promise<Storm> {
    const { job } = this
    const missing = Array.from({ length: Math.min(most, job.peers) }, (_, i) => i).filter(
      (i) => this.connections[i]?.isClosed !== false,
    )
    const startMs = performance.now()
    const startUs = cpuUsOf(job.pid)
    let next = 0
    const worker = async () => {
      while (next < missing.length) {
        const index = missing[next++] as number
        await this.connect(index).ready
      }
    }
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`only ${this.live} of ${job.peers} connected`)), OPENING_MS).unref()
    })
    const all = Promise.all(Array.from({ length: CONNECTING }, worker))
    await new Nap(this.tally, SHORT_NAP_MS).until(Promise.race([late, all]))
    const endUs = cpuUsOf(job.pid)
    return {
      perSecond: missing.length / ((performance.now() - startMs) / 1000),
      serverUs: startUs === undefined || endUs === undefined ? undefined : (endUs - startUs) / missing.length,
    }
  }

  /** Opens one connection; `query` is put behind its path. */
  connect(index: number, query = ''): { connection: Connection; ready: Promise<void> } {
    const { job, tally } = this
    const room = index % job.rooms
    const dialect = dialects[job.dialect]
    const path = (this.path ?? job.path).replace('%r', String(room))
    const target = dialect.target(path + query)
    // Whole rounds of rooms take turns, so that every room has connections that are sampled.
    const isSampled = job.hasAcks || Math.floor(index / job.rooms) % SAMPLED === 0
    const { port, isDeflated } = job
    const opening = { port, target, room: path, dialect, isDeflated, area: this.#area, tally }
    const connection = new Connection(opening, room, isSampled)
    this.connections[index] = connection
    const ready = new Promise<void>((resolve, reject) => {
      connection.onReady = (error) => (error ? reject(error) : resolve())
    })
    return { connection, ready }
  }

  get live(): number {
    return this.connections.filter(({ isClosed }) => !isClosed).length
  }

  get deflated(): number {
    return this.connections.filter(({ isDeflated }) => isDeflated).length
  }

  /** Forgets all counts. */
  reset(): void {
    const { tally } = this
    tally.delivered = 0
    tally.bytes = 0
    tally.lastUs = 0
    tally.latencies.reset()
    this.published.fill(0)
    this.closed = 0
    for (const connection of this.connections) connection.got = 0
  }

  /** A message goes out to a room. */
  publishing(room: number, dueUs: number): void {
    const index = this.published[room] ?? 0
    const times = this.#times[room]
    if (times) times[index % RING] = dueUs
    this.published[room] = index + 1
  }

  /** Makes reading as cheap as the rate allows: all but the sampled rest, where each gets so few messages that it may. */
  rest(rate: number): void {
    const { job } = this
    this.tally.timedEvery = !job.hasAcks && (rate * job.peers) / job.rooms > MANY ? 8 : 1
    const perMs = rate / job.rooms / 1000
    const restMs = Math.min(REST.longestMs, REST.messages / perMs, REST.bytes / (perMs * 1.5 * job.bytes))
    const resting = this.connections.filter(({ isSampled }) => !isSampled)
    if (job.hasAcks || restMs < REST.shortestMs) return
    for (const connection of resting) connection.rest()
    let next = 0
    const everyMs = 5
    this.#resting = setInterval(() => {
      for (let i = Math.ceil((resting.length * everyMs) / restMs); i > 0; i -= 1) {
        resting[next++ % resting.length]?.look()
      }
    }, everyMs)
  }

  wake(): void {
    clearInterval(this.#resting)
    this.#resting = undefined
    for (const connection of this.connections) connection.wake()
  }

  /** Ends all connections and waits until they are closed. */
  async clear(): Promise<void> {
    this.destroy()
    while (this.live > 0) await turn()
  }

  destroy(): void {
    clearInterval(this.#resting)
    for (const connection of this.connections) connection.destroy()
  }
}
