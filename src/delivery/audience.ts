/**
 * The peers of one room, and the only way to them: each flush joins what is new once and gives each peer one write,
 * however many events. A room at rest is flushed at the end of the turn, so a single event waits for nothing; a busy one
 * flushes again only after about as long as its last flush took, so that load makes batches instead of a collapse.
 *
 * `room.ts` fills an audience. It is made of rows (`shard.ts`) of a few hundred peers (`subscriber.ts`) of one encoding, which
 * all stand in the one queue of the process (`flush-queue.ts`).
 */
import { Close, type CloseReason } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { countExceeded, type Limit, type Tally } from '../tally.ts'
import type { FlushQueue } from './flush-queue.ts'
import type { Frame } from './frame.ts'
import { Shard, type ShardOwner } from './shard.ts'
import type { Bounds, Subscriber } from './subscriber.ts'

/** How long a busy room waits from one flush to the next: enough to gather a batch, and at the most. */
const FLUSH_MS = { rest: 9, most: 20 }
/** A flush that took little is followed by a rest of so many times as much: a few peers wait for nothing. */
const RESTS = 20

export interface AudienceParts {
  /** What may wait for one peer. */
  readonly limitBytes: number
  readonly tally: Tally
  readonly log: ErrorLogger
}

export class Audience implements Bounds, ShardOwner {
  readonly #queue: FlushQueue
  readonly #shards = new Map<string, Shard[]>()
  readonly #parts: AudienceParts
  #quietAt = 0
  #waiting: Shard[] | undefined

  constructor(queue: FlushQueue, parts: AudienceParts) {
    this.#queue = queue
    this.#parts = parts
  }

  /** Seats a peer behind everything delivered so far: it gets what is delivered from now on. */
  add(subscriber: Subscriber): void {
    const { encoding } = subscriber.wire
    const shards = this.#shards.get(encoding.name) ?? []
    this.#shards.set(encoding.name, shards)
    const last = shards.at(-1)
    let shard = last?.isFull ? shards.find((other) => !other.isFull) : last
    if (!shard) {
      shard = new Shard(this, encoding)
      shards.push(shard)
    }
    shard.add(subscriber)
  }

  remove(subscriber: Subscriber): void {
    subscriber.isGone = true
    subscriber.shard?.remove(subscriber)
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
    const waitMs = this.#quietAt - this.#queue.clock.monotonic()
    if (!shared || waitMs <= 0) {
      this.#queue.enqueue(shard)
      return
    }
    if (this.#waiting) {
      this.#waiting.push(shard)
      return
    }
    this.#waiting = [shard]
    this.#queue.clock.after(waitMs, this.#release)
  }

  #release = (): void => {
    const shards = this.#waiting ?? []
    this.#waiting = undefined
    for (const shard of shards) this.#queue.enqueue(shard)
  }

  /**
   * A shard was flushed. The next flush of the room waits about as long as this one took, with what stood before it in
   * the queue: a room pays for its own size, and all rooms together for a busy process.
   */
  flushed(enqueuedMs: number, deliveries: number): void {
    const now = this.#queue.clock.monotonic()
    this.#parts.tally.delivered += deliveries
    const tookMs = now - enqueuedMs
    const restMs = Math.max(tookMs, Math.min(FLUSH_MS.rest, tookMs * RESTS))
    this.#quietAt = now + Math.min(FLUSH_MS.most, restMs)
  }

  get limitBytes(): number {
    return this.#parts.limitBytes
  }

  noteBacklog(subscriber: Subscriber): void {
    this.#queue.pressure.noteBacklog(subscriber)
  }

  cutSlow(subscriber: Subscriber, limit: Limit): void {
    const { tally } = this.#parts
    tally.slow += 1
    countExceeded(tally.exceeded, limit)
    this.#cut(subscriber, Close.slow)
  }

  /** Something for this peer could not be written, so what comes next would leave a hole. */
  failed(subscriber: Subscriber, error: unknown): void {
    this.#parts.log.error({ err: error }, 'what is for a peer could not be written')
    subscriber.isCut = true
    this.#cut(subscriber, Close.broken)
  }

  #cut(subscriber: Subscriber, reason: CloseReason): void {
    this.#queue.end(() => {
      if (!subscriber.isGone) subscriber.owner.cut(subscriber, reason)
    })
  }

  /** Writes a page of the past in its turn. */
  past(write: () => void): Promise<void> {
    return this.#queue.past(write)
  }
}
