/**
 * From the log to every peer: each flush joins what is new once and gives each peer one write, however many events.
 * A room at rest is flushed at the end of the turn, so a lone event waits for nothing; a busy one flushes again only
 * after about as long as its last flush took, so that load makes batches instead of a collapse.
 *
 * `room.ts` fills an audience, `seat.ts` and `shard.ts` are its chairs and rows. A row is a few hundred peers of one
 * encoding; all rows of the process stand in one queue that is worked off in slices of a few ms, with reading between,
 * so that a large room does not hold up a small one, nor what comes in.
 */
import type { Clock } from './clock.ts'
import { Close, type CloseReason } from './errors.ts'
import type { Frame } from './frame.ts'
import { eachGuarded, type Failed, uncaught } from './guarded.ts'
import { countBroken, type Limit } from './limit.ts'
import type { ErrorLogger } from './log/deliver.ts'
import type { Tally } from './metrics.ts'
import { Pressure } from './pressure.ts'
import type { Bounds, Seat } from './seat.ts'
import { Shard } from './shard.ts'
import type { Encoding } from './wire.ts'

/** How long a busy room waits from one flush to the next: enough to gather a batch, and at the most. */
const FLUSH_MS = { rest: 9, most: 20 }
/** A flush that took little is followed by a rest of so many times as much: a few peers wait for nothing. */
const RESTS = 20
/** Reading comes first again after so much writing. */
const SLICE_MS = 4

/** What is written of the past is less urgent, and has so much of each turn of the loop. */
const PAST_MS = 2

/** The queue of the process: rows with something to send, worked off in slices. */
export class FanOut {
  readonly clock: Clock
  readonly pressure: Pressure
  readonly failed: Failed
  #queue: Shard[] = []
  /** Peers to end, when nothing is being written. */
  #ends: (() => void)[] = []
  /** Pages of the past. */
  #past: (() => void)[] = []
  #running = false

  /** `limitBytes`: what may wait for all slow peers together. `failed` hears of what must not throw and did. */
  constructor(clock: Clock, limitBytes: () => number = () => Number.POSITIVE_INFINITY, failed: Failed = uncaught) {
    this.clock = clock
    this.failed = failed
    this.pressure = new Pressure(clock, limitBytes, failed)
  }

  enqueue(shard: Shard): void {
    shard.enqueuedMs = this.clock.monotonic()
    this.#queue.push(shard)
    this.#run()
  }

  /** Ends a peer when nothing is being written: that may call the author's code, which may speak, and end others. */
  end(peer: () => void): void {
    this.#ends.push(peer)
    this.#run()
  }

  /** Writes a page of the past when those who are here have what is new. Rejects with what `write` throws. */
  past(write: () => void): Promise<void> {
    const written = Promise.withResolvers<void>()
    this.#past.push(() => {
      try {
        write()
        written.resolve()
      } catch (error) {
        written.reject(error)
      }
    })
    this.#run()
    return written.promise
  }

  #run(): void {
    if (this.#running) return
    this.#running = true
    setImmediate(this.#slice)
  }

  #slice = (): void => {
    this.#queue = this.#some(this.#queue, flush, SLICE_MS)
    const ends = this.#ends
    this.#ends = []
    eachGuarded(ends, call, this.failed)
    this.#past = this.#some(this.#past, call, PAST_MS)
    this.#running = false
    if (this.#queue.length > 0 || this.#ends.length > 0 || this.#past.length > 0) this.#run()
  }

  /** Works on a queue for so long. Returns what is left of it. */
  #some<T>(queue: T[], work: (item: T) => void, ms: number): T[] {
    if (queue.length === 0) return queue
    const end = this.clock.monotonic() + ms
    const done = eachGuarded(
      queue,
      (item) => {
        work(item)
        return this.clock.monotonic() < end
      },
      this.failed,
    )
    return done === queue.length ? [] : queue.slice(done)
  }
}

function flush(shard: Shard): void {
  shard.flush()
}

function call(work: () => void): void {
  work()
}

export interface AudienceParts {
  /** What may wait for one peer. */
  readonly limitBytes: number
  readonly tally: Tally
  readonly log: ErrorLogger
  /** Ends a peer's connection; it may come back and resume. */
  readonly onCut: (seat: Seat, reason: CloseReason) => void
}

/** The peers of one room, in rows. */
export class Audience implements Bounds {
  readonly #fanOut: FanOut
  readonly #shards = new Map<Encoding, Shard[]>()
  readonly #parts: AudienceParts
  #quietAt = 0
  #waiting: Shard[] | undefined

  constructor(fanOut: FanOut, parts: AudienceParts) {
    this.#fanOut = fanOut
    this.#parts = parts
  }

  /** Seats a peer behind everything delivered so far: it gets what is delivered from now on. */
  add(seat: Seat): void {
    const { encoding } = seat.wire
    const shards = this.#shards.get(encoding) ?? []
    this.#shards.set(encoding, shards)
    const last = shards.at(-1)
    let shard = last?.isFull ? shards.find((other) => !other.isFull) : last
    if (!shard) {
      shard = new Shard(this, encoding)
      shards.push(shard)
    }
    shard.add(seat)
  }

  remove(seat: Seat): void {
    seat.isGone = true
    seat.shard?.remove(seat)
  }

  /** Delivers one frame to everyone, but for the peer of `except`. */
  deliver(frame: Frame, except?: object): void {
    for (const shards of this.#shards.values()) {
      for (const shard of shards) {
        if (!shard.isEmpty) shard.push(frame, except)
      }
    }
  }

  /** When may this shard be flushed? At once where the room is quiet or nobody shares the flush; else with the others. */
  schedule(shard: Shard, shared: boolean): void {
    const waitMs = this.#quietAt - this.#fanOut.clock.monotonic()
    if (!shared || waitMs <= 0) {
      this.#fanOut.enqueue(shard)
      return
    }
    if (this.#waiting) {
      this.#waiting.push(shard)
      return
    }
    this.#waiting = [shard]
    setTimeout(this.#release, waitMs)
  }

  #release = (): void => {
    const shards = this.#waiting ?? []
    this.#waiting = undefined
    for (const shard of shards) this.#fanOut.enqueue(shard)
  }

  /**
   * A shard was flushed. The next flush of the room waits about as long as this one took, with what stood before it in
   * the queue: a room pays for its own size, and all rooms together for a busy process.
   */
  flushed(enqueuedMs: number, deliveries: number): void {
    const now = this.#fanOut.clock.monotonic()
    this.#parts.tally.delivered += deliveries
    const tookMs = now - enqueuedMs
    const restMs = Math.max(tookMs, Math.min(FLUSH_MS.rest, tookMs * RESTS))
    this.#quietAt = now + Math.min(FLUSH_MS.most, restMs)
  }

  get limitBytes(): number {
    return this.#parts.limitBytes
  }

  lags(seat: Seat): void {
    this.#fanOut.pressure.lags(seat)
  }

  slow(seat: Seat, limit: Limit): void {
    const { tally } = this.#parts
    tally.slow += 1
    countBroken(tally.broken, limit)
    this.#cut(seat, Close.slow)
  }

  /** Something for this peer could not be written, so what comes next would leave a hole. */
  failed(seat: Seat, error: unknown): void {
    this.#parts.log.error({ err: error }, 'what is for a peer could not be written')
    seat.isCut = true
    this.#cut(seat, Close.broken)
  }

  #cut(seat: Seat, reason: CloseReason): void {
    this.#fanOut.end(() => {
      if (!seat.isGone) this.#parts.onCut(seat, reason)
    })
  }

  /** Writes a page of the past in its turn. */
  past(write: () => void): Promise<void> {
    return this.#fanOut.past(write)
  }
}
