/**
 * A shard of a room's audience: some subscribers of one encoding, and the frames that wait for their next flush.
 * `audience.ts` schedules it. A flush joins the frames once and writes once to each subscriber.
 */
import type { Flushable } from './flush-queue.ts'
import { type Encoding, type Frame, type Piece, pieces } from './frame.ts'
import { Subscriber, type SubscriberShard } from './subscriber.ts'

/** Large enough that joining costs next to nothing for each, small enough that a flush takes a few ms. */
const SUBSCRIBERS = 256

/** What a shard needs of its audience. */
export interface ShardOwner {
  /** The most bytes that may wait for one subscriber. */
  readonly limitBytes: number
  /** The shard has frames to send. `shared`: they are for all of it and may wait for more. */
  schedule(shard: Shard, shared: boolean): void
  /** The shard was flushed. `enqueuedMs`: when it was enqueued (monotonic). */
  flushed(enqueuedMs: number, deliveries: number): void
  /** A write for this subscriber failed. */
  failed(subscriber: Subscriber, error: unknown): void
}

export class Shard implements SubscriberShard, Flushable {
  readonly #audience: ShardOwner
  readonly #encoding: Encoding
  readonly #subscribers: Subscriber[] = []
  #frames: Frame[] = []
  #withOwnFrames: Subscriber[] = []
  #isScheduled = false
  enqueuedMs = 0

  constructor(audience: ShardOwner, encoding: Encoding) {
    this.#audience = audience
    this.#encoding = encoding
  }

  get isFull(): boolean {
    return this.#subscribers.length >= SUBSCRIBERS
  }

  get isEmpty(): boolean {
    return this.#subscribers.length === 0
  }

  add(subscriber: Subscriber): void {
    subscriber.shard = this
    subscriber.index = this.#subscribers.push(subscriber) - 1
    subscriber.clear()
    subscriber.from = this.#frames.length
    if (subscriber.from > 0) this.#withOwnFrames.push(subscriber)
  }

  remove(subscriber: Subscriber): void {
    const last = this.#subscribers.pop()
    if (last && last !== subscriber) {
      this.#subscribers[subscriber.index] = last
      last.index = subscriber.index
    }
    subscriber.shard = undefined
    subscriber.clear()
    if (!this.isEmpty) return
    release(this.#frames)
    this.#frames = []
  }

  /** A frame for the whole shard. */
  push(frame: Frame, except: object | undefined): void {
    frame.retain()
    this.#frames.push(frame)
    if (except instanceof Subscriber && except.shard === this) {
      if (!except.hasOwnFrames) this.#withOwnFrames.push(except)
      except.skip(this.#frames.length - 1)
    }
    this.#schedule(true)
  }

  direct(subscriber: Subscriber, frame: Frame): void {
    if (!subscriber.hasOwnFrames) this.#withOwnFrames.push(subscriber)
    subscriber.insert(this.#frames.length, frame)
    this.#schedule(this.#frames.length > 0)
  }

  #schedule(shared: boolean): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#audience.schedule(this, shared)
  }

  flush(): void {
    this.#isScheduled = false
    const frames = this.#frames
    const withOwnFrames = this.#withOwnFrames
    this.#frames = []
    this.#withOwnFrames = []
    for (const subscriber of withOwnFrames) {
      if (subscriber.shard !== this || !subscriber.hasOwnFrames) continue
      this.#deliver(subscriber, frames)
      // It has its own bytes already.
      subscriber.from = -1
    }
    if (frames.length > 0) this.#writeAll(frames)
    for (const subscriber of withOwnFrames) if (subscriber.from === -1) subscriber.from = 0
    release(frames)
    if (frames.length > 0) this.#audience.flushed(this.enqueuedMs, frames.length * this.#subscribers.length)
  }

  #writeAll(frames: readonly Frame[]): void {
    let all: Piece[] = []
    let error: unknown
    try {
      all = pieces(frames, this.#encoding, this.#audience.limitBytes)
    } catch (thrown) {
      error = thrown
    }
    for (const subscriber of this.#subscribers) {
      if (subscriber.from === -1) continue
      if (error) this.#audience.failed(subscriber, error)
      else this.#write(subscriber, all)
    }
  }

  #write(subscriber: Subscriber, all: readonly Piece[]): void {
    try {
      for (const piece of all) subscriber.write(piece)
    } catch (error) {
      this.#audience.failed(subscriber, error)
    }
  }

  /** A failure ends this subscriber alone. */
  #deliver(subscriber: Subscriber, frames: readonly Frame[]): void {
    try {
      subscriber.deliver(frames)
    } catch (error) {
      this.#audience.failed(subscriber, error)
    }
  }

  flushSubscriber(subscriber: Subscriber): void {
    this.#deliver(subscriber, this.#frames)
    subscriber.from = this.#frames.length
    if (subscriber.from > 0) this.#withOwnFrames.push(subscriber)
  }

  /** It writes nothing by itself any more. */
  silence(): void {}
}

function release(frames: readonly Frame[]): void {
  for (const frame of frames) frame.release()
}
