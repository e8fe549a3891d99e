/**
 * A subscriber: one connection's place in a room's audience, and the only place that writes to its wire, which knows how much
 * may wait. A frame for one peer remembers how many of the row's frames go before it, so that it keeps its place in the
 * order. `shard.ts` fills and empties it; `catch-up.ts` writes the past to it.
 */
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'
import { type Frame, type Piece, pieces } from './frame.ts'
import type { Backlog } from './pressure.ts'
import type { Wire } from './wire.ts'

/** Something between the row's frames: a frame for this subscriber alone, or (without one) the row's next frame left out. */
interface Insertion {
  readonly at: number
  readonly frame: Frame | undefined
}

/** Who sits there. */
export interface SubscriberOwner {
  /** Its connection is to be ended; it may come back and resume. */
  cut(subscriber: Subscriber, reason: CloseReason): void
}

/** What holds a subscriber's writes; its audience. */
export interface Bounds {
  /** What may wait for one peer. */
  readonly limitBytes: number
  /** Something waits for this subscriber. */
  noteBacklog(subscriber: Subscriber): void
  /** It does not take what is sent: it is ended as soon as nothing is being written. */
  cutSlow(subscriber: Subscriber, limit: Limit): void
}

/** Where a subscriber stands with others that are sent the same; a shard. */
export interface SubscriberShard {
  /** A frame for one subscriber, after all that waits for the row now. */
  direct(subscriber: Subscriber, frame: Frame): void
  /** Writes what waits for one subscriber. */
  flushSubscriber(subscriber: Subscriber): void
  remove(subscriber: Subscriber): void
}

export class Subscriber implements Backlog {
  readonly owner: SubscriberOwner
  readonly wire: Wire
  readonly #bounds: Bounds
  /** The row; `undefined` before the peer is seated and after it left. */
  shard: SubscriberShard | undefined
  /** Where in the row. */
  index = -1
  /** How many of the row's waiting frames this subscriber must not get: it came later, or has them. */
  from = 0
  /** The one frame for this subscriber alone, where the row has none waiting: an answer or an echo, most often. */
  #single: Frame | undefined
  #insertions: Insertion[] | undefined
  /** Its connection is over; nothing more is for it. */
  isGone = false
  /** Something was not written: what comes after it must not be either, or the peer would have a hole. */
  isCut = false

  constructor(owner: SubscriberOwner, wire: Wire, bounds: Bounds) {
    this.owner = owner
    this.wire = wire
    this.#bounds = bounds
  }

  /** Whether it needs bytes of its own in the next flush. */
  get hasOwnFrames(): boolean {
    return this.from > 0 || this.#single !== undefined || this.#insertions !== undefined
  }

  get waiting(): number {
    return this.wire.waiting
  }

  /** A frame for this subscriber alone, after so many of the row's. */
  insert(at: number, frame: Frame): void {
    if (at === 0 && !this.hasOwnFrames) this.#single = frame
    else this.#addInsertion({ at, frame })
  }

  /** The row's frame at this place is not for this subscriber. */
  skip(at: number): void {
    this.#addInsertion({ at, frame: undefined })
  }

  #addInsertion(insertion: Insertion): void {
    this.#insertions ??= []
    if (this.#single) this.#insertions.push({ at: 0, frame: this.#single })
    this.#single = undefined
    this.#insertions.push(insertion)
  }

  /** Forgets what waits for this subscriber alone. */
  clear(): void {
    this.from = 0
    this.#single = undefined
    this.#insertions = undefined
  }

  /** Says something to this peer alone, after everything delivered before. */
  send(frame: Frame): void {
    if (this.shard) this.shard.direct(this, frame)
    else this.#writeOne(frame)
  }

  /** Writes what is queued for this subscriber, so that a close comes after it. */
  flush(): void {
    this.shard?.flushSubscriber(this)
  }

  /** Writes what is for this subscriber out of the row's frames. */
  deliver(frames: readonly Frame[]): void {
    const single = this.#single
    if (single && frames.length === 0) {
      this.#single = undefined
      this.#writeOne(single)
      return
    }
    const mine: Frame[] = single ? [single] : []
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
    for (const piece of pieces(frames, this.wire.encoding, this.#bounds.limitBytes)) this.write(piece)
  }

  #writeOne(frame: Frame): void {
    this.write({ bytes: frame.bytes(this.wire.encoding), frames: [frame] })
  }

  /** What is about to be sent counts too; only who has taken everything may get a single frame beyond the bound. */
  write({ bytes, frames }: Piece): void {
    const { wire } = this
    if (this.isGone || this.isCut) return
    const { waiting } = wire
    if (waiting > 0 && waiting + bytes.length > this.#bounds.limitBytes) {
      this.cut('limits.buffered')
      return
    }
    wire.send(bytes, frames)
    if (wire.waiting > 0) this.#bounds.noteBacklog(this)
  }

  /** From now on nothing is written; the room ends it when it can. */
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
