/**
 * The subscribers of one room. Each flush joins the new frames once and makes one write per subscriber, however many
 * frames. An idle room is flushed in the next turn of the event loop. A busy room waits about as long as its last flush
 * took, so that load makes larger batches.
 *
 * `room.ts` adds subscribers. They are grouped in shards (`shard.ts`) of one encoding, a few hundred in each; those behind
 * one relay are one shard (`relay-shard.ts`). All shards of the process share one queue (`flush-queue.ts`).
 */
import { Close, type CloseReason } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { countExceeded, type Limit, type Tally } from '../tally.ts'
import type { Flushable, FlushQueue } from './flush-queue.ts'
import type { Frame } from './frame.ts'
import type { Backlog } from './pressure.ts'
import type { Relay } from './relay.ts'
import { RelayShard, type RelayShardOwner } from './relay-shard.ts'
import { Shard, type ShardOwner } from './shard.ts'
import type { Bounds, Subscriber } from './subscriber.ts'

/** Ms between two flushes of a busy room: `rest` is enough to gather a batch, `most` is the upper bound. */
const FLUSH_MS = { rest: 9, most: 20 }
/** After a short flush the room rests this many times as long: a room of few peers waits for almost nothing. */
const RESTS = 20

export interface AudienceParts {
  /** The most bytes that may wait for one subscriber. */
  readonly limitBytes: number
  readonly tally: Tally
  readonly logger: ErrorLogger
}

export class Audience implements Bounds, ShardOwner, RelayShardOwner {
  readonly #queue: FlushQueue
  readonly #shards = new Map<string, Shard[]>()
  readonly #relayed = new Map<Relay, RelayShard>()
  readonly #parts: AudienceParts
  /** The newest kept event that was delivered. */
  seq = 0
  #quietAt = 0
  #waiting: Flushable[] | undefined

  constructor(queue: FlushQueue, parts: AudienceParts) {
    this.#queue = queue
    this.#parts = parts
  }

  /** The subscriber gets what is delivered from now on, and nothing from before. */
  add(subscriber: Subscriber): void {
    const { encoding, relayed } = subscriber.wire
    if (relayed) {
      this.#ofRelay(relayed.relay).add(subscriber)
      return
    }
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

  #ofRelay(relay: Relay): RelayShard {
    const shard = this.#relayed.get(relay) ?? new RelayShard(this, relay)
    this.#relayed.set(relay, shard)
    return shard
  }

  emptied(relay: Relay): void {
    this.#relayed.delete(relay)
  }

  remove(subscriber: Subscriber): void {
    subscriber.isGone = true
    subscriber.shard?.remove(subscriber)
  }

  /** Delivers one frame to every subscriber but `except`. */
  deliver(frame: Frame, except?: object): void {
    if (frame.seq > 0) this.seq = frame.seq
    else frame.after = this.seq
    for (const shards of this.#shards.values()) {
      for (const shard of shards) {
        if (!shard.isEmpty) shard.push(frame, except)
      }
    }
    for (const shard of this.#relayed.values()) shard.push(frame, except)
  }

  /** At once if the room is idle or the frames are for one subscriber alone; otherwise with the room's other shards. */
  schedule(shard: Flushable, shared: boolean): void {
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
   * A shard was flushed. The next flush of the room waits about as long as this one took, with its time in the queue: a
   * large room slows itself down, and a busy process slows all rooms down.
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

  noteBacklog(backlog: Backlog): void {
    this.#queue.pressure.noteBacklog(backlog)
  }

  cutSlow(subscriber: Subscriber, limit: Limit): void {
    const { tally } = this.#parts
    tally.slow += 1
    countExceeded(tally.exceeded, limit)
    this.#cut(subscriber, Close.slow)
  }

  /** A write for this subscriber failed. What comes next would leave a hole, so it is cut. */
  failed(subscriber: Subscriber, error: unknown): void {
    this.#parts.logger.error({ err: error }, 'writing to a peer failed')
    subscriber.isCut = true
    this.#cut(subscriber, Close.failed)
  }

  #cut(subscriber: Subscriber, reason: CloseReason): void {
    subscriber.shard?.silence(subscriber)
    this.#queue.end(() => {
      if (!subscriber.isGone) subscriber.owner.cut(subscriber, reason)
    })
  }

  /** Writes a page of history when the queue gets to it. */
  writeHistory(write: () => void): Promise<void> {
    return this.#queue.writeHistory(write)
  }
}
