/**
 * The queue of the process: rows of peers with something to send, worked off in slices of a few ms, with reading between,
 * so that a large room does not hold up a small one, nor what comes in. `audience.ts` puts the rows of a room into it, and
 * says when.
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed, uncaught } from '../guarded.ts'
import { Pressure } from './pressure.ts'

/** Something that waits for its flush; a row of an audience. */
export interface Flushable {
  /** Since when it stands in the queue. */
  enqueuedMs: number
  flush(): void
}

/** Reading comes first again after so much writing. */
const SLICE_MS = 4
/** What is written of the past is less urgent, and has so much of each turn of the loop. */
const PAST_MS = 2

export class FlushQueue {
  readonly clock: Clock
  readonly pressure: Pressure
  readonly failed: Failed
  #queue: Flushable[] = []
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

  enqueue(item: Flushable): void {
    item.enqueuedMs = this.clock.monotonic()
    this.#queue.push(item)
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
    this.clock.soon(this.#slice)
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

function flush(item: Flushable): void {
  item.flush()
}

function call(work: () => void): void {
  work()
}
