/**
 * A seat: one connection's place in a room's audience, and the only place that writes to its wire, which knows how much
 * may wait. A frame for one peer remembers how many of the row's frames go before it, so that it keeps its place in the
 * order. `shard.ts` fills and empties it; `catch-up.ts` writes the past to it.
 */
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'
import { type Frame, type Piece, pieces } from './frame.ts'
import type { Backlog } from './pressure.ts'
import type { Wire } from './wire.ts'

/** Something between the row's frames: a frame for this seat alone, or (without one) the row's next frame left out. */
interface Cut {
  readonly at: number
  readonly frame: Frame | undefined
}

/** Who sits there. */
export interface Seated {
  /** Its connection is to be ended; it may come back and resume. */
  cut(seat: Seat, reason: CloseReason): void
}

/** What holds a seat's writes; its audience. */
export interface Bounds {
  /** What may wait for one peer. */
  readonly limitBytes: number
  /** Something waits for this seat. */
  lags(seat: Seat): void
  /** It does not take what is sent: it is ended as soon as nothing is being written. */
  slow(seat: Seat, limit: Limit): void
}

/** Where a seat stands with others that are sent the same; a shard. */
export interface Row {
  /** A frame for one seat, after all that waits for the row now. */
  direct(seat: Seat, frame: Frame): void
  /** Writes what waits for one seat. */
  flushSeat(seat: Seat): void
  remove(seat: Seat): void
}

export class Seat implements Backlog {
  readonly owner: Seated
  readonly wire: Wire
  readonly #bounds: Bounds
  /** The row; `undefined` before the peer is seated and after it left. */
  row: Row | undefined
  /** Where in the row. */
  index = -1
  /** How many of the row's waiting frames this seat must not get: it came later, or has them. */
  from = 0
  /** The one frame for this seat alone, where the row has none waiting: an answer or an echo, most often. */
  #lone: Frame | undefined
  #cuts: Cut[] | undefined
  /** Its connection is over; nothing more is for it. */
  isGone = false
  /** Something was not written: what comes after it must not be either, or the peer would have a hole. */
  isCut = false

  constructor(owner: Seated, wire: Wire, bounds: Bounds) {
    this.owner = owner
    this.wire = wire
    this.#bounds = bounds
  }

  /** Whether it needs bytes of its own in the next flush. */
  get isSpecial(): boolean {
    return this.from > 0 || this.#lone !== undefined || this.#cuts !== undefined
  }

  get waiting(): number {
    return this.wire.waiting
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
    if (this.row) this.row.direct(this, frame)
    else this.#writeOne(frame)
  }

  /** Writes what is queued for this seat, so that a close comes after it. */
  flush(): void {
    this.row?.flushSeat(this)
  }

  /** Writes what is for this seat out of the row's frames. */
  deliver(frames: readonly Frame[]): void {
    const lone = this.#lone
    if (lone && frames.length === 0) {
      this.#lone = undefined
      this.#writeOne(lone)
      return
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
    if (wire.waiting > 0) this.#bounds.lags(this)
  }

  /** From now on nothing is written; the room ends it when it can. */
  cut(limit: Limit): void {
    if (this.isGone || this.isCut) return
    this.isCut = true
    this.#bounds.slow(this, limit)
  }

  relieve(): void {
    this.cut('server.limits.buffered')
  }

  drop(): void {
    this.wire.drop()
  }
}
