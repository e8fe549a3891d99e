/**
 * A seat: one connection's place in a room's audience, and what is for it alone. A frame for one peer remembers how
 * many of the row's frames go before it, so that it keeps its place in the order. `shard.ts` fills and empties it.
 */
import { type Frame, join } from './frame.ts'
import type { Shard } from './shard.ts'
import type { Bytes, Wire } from './wire.ts'

/** Something between the row's frames: a frame for this seat alone, or (without one) the row's next frame left out. */
interface Cut {
  readonly at: number
  readonly frame: Frame | undefined
}

export class Seat<Owner = unknown> {
  readonly owner: Owner
  readonly wire: Wire
  /** The row; `undefined` before the peer is seated and after it left. */
  shard: Shard | undefined
  /** Where in the row. */
  index = -1
  /** How many of the row's waiting frames this seat must not get: it came later, or has them. */
  from = 0
  /** The one frame for this seat alone, where the row has none waiting: an answer or an echo, most often. */
  #lone: Frame | undefined
  #cuts: Cut[] | undefined
  /** Its connection is over; nothing more is for it. */
  isGone = false

  constructor(owner: Owner, wire: Wire) {
    this.owner = owner
    this.wire = wire
  }

  /** Whether it needs bytes of its own in the next flush. */
  get isSpecial(): boolean {
    return this.from > 0 || this.#lone !== undefined || this.#cuts !== undefined
  }

  /** A frame for this seat alone, after so many of the row's. */
  insert(at: number, frame: Frame): void {
    if (at === 0 && !this.isSpecial) this.#lone = frame
    else this.#cut({ at, frame })
  }

  /** The row's frame at this place is not for this seat. */
  skip(at: number): void {
    this.#cut({ at, frame: undefined })
  }

  #cut(cut: Cut): void {
    this.#cuts ??= []
    if (this.#lone) this.#cuts.push({ at: 0, frame: this.#lone })
    this.#lone = undefined
    this.#cuts.push(cut)
  }

  /** Forgets what waits for this seat alone. */
  clear(): void {
    this.from = 0
    this.#lone = undefined
    this.#cuts = undefined
  }

  /** Says something to this peer alone, after everything delivered before. */
  send(frame: Frame): void {
    if (this.shard) this.shard.direct(this, frame)
    else this.wire.send(frame.bytes(this.wire.encoding))
  }

  /** Writes what waits for this seat, so that a close comes after it. */
  flush(): void {
    this.shard?.flushSeat(this)
  }

  /** The bytes for this seat out of the row's frames; empty where there is nothing. */
  compose(frames: readonly Frame[]): Bytes | undefined {
    const lone = this.#lone
    if (lone && frames.length === 0) {
      this.#lone = undefined
      return lone.bytes(this.wire.encoding)
    }
    const mine: Frame[] = lone ? [lone] : []
    let next = this.from
    for (const { at, frame } of this.#cuts ?? []) {
      while (next < at) mine.push(frames[next++] as Frame)
      if (frame) mine.push(frame)
      else next = Math.max(next, at + 1)
    }
    while (next < frames.length) mine.push(frames[next++] as Frame)
    this.clear()
    return mine.length > 0 ? join(mine, this.wire.encoding) : undefined
  }
}
