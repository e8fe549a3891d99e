/**
 * The write queue of the process: shards with frames to send, flushed in slices of a few ms with reads in between, so
 * that a large room delays neither a small one nor incoming messages. `audience.ts` enqueues the shards of a room.
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed, uncaught } from '../guarded.ts'
import { Pressure } from './pressure.ts'

/** Something that waits to be flushed: a shard. */
export interface Flushable {
  /** When it was enqueued (monotonic ms). */
  enqueuedMs: number
  flush(): void
}

/** How long shards are written before the event loop reads again. */
const SLICE_MS = 4
/** How long history, which is less urgent, is written in each turn of the event loop. */
const HISTORY_MS = 2

export class FlushQueue {
  readonly clock: Clock
  readonly pressure: Pressure
  readonly failed: Failed
  #queue: Flushable[] = []
  /** Run when no shard is being written. */
  #ends: (() => void)[] = []
  /** Writes of pages of history. */
  #history: (() => void)[] = []
  #running = false

  /** `limitBytes`: the most that may wait for all peers together. `failed` is called with what an item throws. */
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

  /** Ends a peer when no shard is being written: this may call room code, which may send frames and end other peers. */
  end(peer: () => void): void {
    this.#ends.push(peer)
    this.#run()
  }

  /** Writes a page of history after the new frames of this turn. Rejects with what `write` throws. */
  writeHistory(write: () => void): Promise<void> {
    const written = Promise.withResolvers<void>()
    this.#history.push(() => {
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
    this.#history = this.#some(this.#history, call, HISTORY_MS)
    this.#running = false
    if (this.#queue.length > 0 || this.#ends.length > 0 || this.#history.length > 0) this.#run()
  }

  /** Works on a queue for `ms`. Returns the rest of it. */
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
