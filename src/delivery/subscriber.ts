/**
 * A subscriber: one connection in a room's audience. Only this file writes to a wire, so it bounds what may wait there.
 * Frames for one subscriber alone are kept with the number of shard frames before them, so that the order stays right.
 * `shard.ts` adds and removes subscribers; `catch-up.ts` writes history to them.
 */
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'
import { type Frame, type Piece, pieces } from './frame.ts'
import type { Backlog } from './pressure.ts'
import type { Wire } from './wire.ts'

/** Before the shard's frame at `at`: a frame for this subscriber alone. `undefined`: leave out the shard's frame. */
interface Insertion {
  readonly at: number
  readonly frame: Frame | undefined
}

/** Whose connection it is: a peer or a reader. */
export interface SubscriberOwner {
  /** Must end the connection; the client may reconnect and resume. */
  cut(subscriber: Subscriber, reason: CloseReason): void
}

/** Bounds the writes of its subscribers: an audience. */
export interface Bounds {
  /** The most bytes that may wait for one subscriber. */
  readonly limitBytes: number
  /** The newest kept event that was delivered. */
  readonly seq: number
  /** Bytes wait for this subscriber. */
  noteBacklog(subscriber: Subscriber): void
  /** Ends a subscriber over a limit, as soon as no shard is being written. */
  cutSlow(subscriber: Subscriber, limit: Limit): void
}

/** What a subscriber needs of its shard. */
export interface SubscriberShard {
  /** Sends a frame to one subscriber, after all frames of the shard that wait now. */
  direct(subscriber: Subscriber, frame: Frame): void
  /** Writes all that waits for one subscriber. */
  flushSubscriber(subscriber: Subscriber): void
  /** It is cut: nothing more of what goes to all may reach it. */
  silence(subscriber: Subscriber): void
  remove(subscriber: Subscriber): void
}

export class Subscriber implements Backlog {
  readonly owner: SubscriberOwner
  readonly wire: Wire
  readonly #bounds: Bounds
  /** `undefined` before it is added to the audience, and after it left. */
  shard: SubscriberShard | undefined
  /** The newest kept event that was written while it was in no shard. */
  #seq = 0
  /** Its index in the shard. */
  index = -1
  /** How many of the shard's waiting frames it must not get, because it came later or has them already. */
  from = 0
  /** The only frame that waits, if the shard has none: mostly an answer. Kept apart because it is the usual case. */
  #single: Frame | undefined
  #insertions: Insertion[] | undefined
  /** It has left; nothing more is written. */
  isGone = false
  /** A frame was not written. Nothing after it may be, or the client would miss one unnoticed. */
  isCut = false

  constructor(owner: SubscriberOwner, wire: Wire, bounds: Bounds) {
    this.owner = owner
    this.wire = wire
    this.#bounds = bounds
  }

  /** Whether the next flush needs other bytes for it than for the rest of the shard. */
  get hasOwnFrames(): boolean {
    return this.from > 0 || this.#single !== undefined || this.#insertions !== undefined
  }

  get waiting(): number {
    return this.wire.waiting
  }

  /** A frame for this subscriber alone, after `at` frames of the shard. */
  insert(at: number, frame: Frame): void {
    if (at === 0 && !this.hasOwnFrames) this.#single = frame
    else this.#addInsertion({ at, frame })
  }

  /** Leaves out the shard's frame at `at`. */
  skip(at: number): void {
    this.#addInsertion({ at, frame: undefined })
  }

  #addInsertion(insertion: Insertion): void {
    this.#insertions ??= []
    if (this.#single) this.#insertions.push({ at: 0, frame: this.#single })
    this.#single = undefined
    this.#insertions.push(insertion)
  }

  /** Drops the frames for this subscriber alone. */
  clear(): void {
    this.from = 0
    this.#single = undefined
    this.#insertions = undefined
  }

  /** Sends a frame to this subscriber alone, after everything delivered before. */
  send(frame: Frame): void {
    frame.after = this.shard ? this.#bounds.seq : this.#seq
    if (this.shard) this.shard.direct(this, frame)
    else this.#writeOne(frame)
  }

  /** Writes all that is queued, so that a close comes after it. */
  flush(): void {
    this.shard?.flushSubscriber(this)
  }

  /** Writes its part of the shard's frames, with its own in between. */
  deliver(frames: readonly Frame[]): void {
    const single = this.#single
    if (single && frames.length === 0) {
      this.#single = undefined
      this.#writeOne(single)
      return
    }
    const mine: Frame[] = single ? [single] : []
    // Each index read below is less than the length, so there is a frame.
    let next = this.from
    for (const { at, frame } of this.#insertions ?? []) {
      while (next < at) mine.push(frames[next++] as Frame)
      if (frame) mine.push(frame)
      else next = Math.max(next, at + 1)
    }
    while (next < frames.length) mine.push(frames[next++] as Frame)
    this.clear()
    this.writeFrames(mine)
  }

  writeFrames(frames: readonly Frame[]): void {
    const last = frames.at(-1)
    if (last) this.#seq = last.seq || last.after
    for (const piece of pieces(frames, this.wire.encoding, this.#bounds.limitBytes)) this.write(piece)
  }

  #writeOne(frame: Frame): void {
    this.write({ bytes: frame.bytes(this.wire.encoding), frames: [frame] })
  }

  /** The bytes about to be sent count too. Only if nothing waits may a single write exceed the bound. */
  write({ bytes, frames }: Piece): void {
    const { wire } = this
    if (this.isGone || this.isCut) return
    const { waiting } = wire
    if (waiting > 0 && waiting + bytes.length > this.#bounds.limitBytes) {
      this.cut('limits.buffered')
      return
    }
    wire.send(bytes, frames)
    // What waits behind a relay waits in another process.
    if (wire.waiting > 0 && !wire.relayed) this.#bounds.noteBacklog(this)
  }

  /** Nothing more is written from now on; the room ends it as soon as it can. */
  cut(limit: Limit): void {
    if (this.isGone || this.isCut) return
    this.isCut = true
    this.#bounds.cutSlow(this, limit)
  }

  relieve(): void {
    this.cut('server.limits.buffered')
  }

  drop(): void {
    this.wire.drop()
  }
}
