/**
 * A row of a room's audience: some peers of one encoding, and the frames that wait for their next flush.
 * `audience.ts` says when; the row joins the frames once and writes once to each peer.
 */
import type { Flushable } from './flush-queue.ts'
import { type Encoding, type Frame, type Piece, pieces } from './frame.ts'
import { type Row, Seat } from './seat.ts'

/** Large enough that joining costs nothing per peer, small enough that one flush is a few ms. */
const PEERS_PER_SHARD = 256

/** What holds all rows of a room; its audience. */
export interface Shards {
  /** What may wait for one peer. */
  readonly limitBytes: number
  /** This row has something to send; `shared`: that may wait for company. */
  schedule(shard: Shard, shared: boolean): void
  /** A row that stood in the queue since `enqueuedMs` was flushed. */
  flushed(enqueuedMs: number, deliveries: number): void
  /** Something for this peer could not be written. */
  failed(seat: Seat, error: unknown): void
}

export class Shard implements Row, Flushable {
  readonly #audience: Shards
  readonly #encoding: Encoding
  readonly #seats: Seat[] = []
  #frames: Frame[] = []
  #special: Seat[] = []
  #isScheduled = false
  /** Since when it stands in the queue of the process. */
  enqueuedMs = 0

  constructor(audience: Shards, encoding: Encoding) {
    this.#audience = audience
    this.#encoding = encoding
  }

  get isFull(): boolean {
    return this.#seats.length >= PEERS_PER_SHARD
  }

  get isEmpty(): boolean {
    return this.#seats.length === 0
  }

  add(seat: Seat): void {
    seat.row = this
    seat.index = this.#seats.push(seat) - 1
    seat.clear()
    seat.from = this.#frames.length
    if (seat.from > 0) this.#special.push(seat)
  }

  remove(seat: Seat): void {
    const last = this.#seats.pop()
    if (last && last !== seat) {
      this.#seats[seat.index] = last
      last.index = seat.index
    }
    seat.row = undefined
    seat.clear()
    if (!this.isEmpty) return
    release(this.#frames)
    this.#frames = []
  }

  /** A frame for the whole row. */
  push(frame: Frame, except: object | undefined): void {
    frame.retain()
    this.#frames.push(frame)
    if (except instanceof Seat && except.row === this) {
      if (!except.isSpecial) this.#special.push(except)
      except.skip(this.#frames.length - 1)
    }
    this.#schedule(true)
  }

  /** A frame for one seat, after all that waits for the row now. */
  direct(seat: Seat, frame: Frame): void {
    if (!seat.isSpecial) this.#special.push(seat)
    seat.insert(this.#frames.length, frame)
    this.#schedule(this.#frames.length > 0)
  }

  /** Frames of the row may wait for company; what is for one peer alone goes out with the turn. */
  #schedule(shared: boolean): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#audience.schedule(this, shared)
  }

  flush(): void {
    this.#isScheduled = false
    const frames = this.#frames
    const special = this.#special
    this.#frames = []
    this.#special = []
    for (const seat of special) {
      if (seat.row !== this || !seat.isSpecial) continue
      this.#deliver(seat, frames)
      // It has its bytes: the row's are not for it.
      seat.from = -1
    }
    if (frames.length > 0) this.#writeAll(frames)
    for (const seat of special) if (seat.from === -1) seat.from = 0
    release(frames)
    if (frames.length > 0) this.#audience.flushed(this.enqueuedMs, frames.length * this.#seats.length)
  }

  #writeAll(frames: readonly Frame[]): void {
    let all: Piece[] = []
    let error: unknown
    try {
      all = pieces(frames, this.#encoding, this.#audience.limitBytes)
    } catch (thrown) {
      error = thrown
    }
    for (const seat of this.#seats) {
      if (seat.from === -1) continue
      if (error) this.#audience.failed(seat, error)
      else this.#write(seat, all)
    }
  }

  #write(seat: Seat, all: readonly Piece[]): void {
    try {
      for (const piece of all) seat.write(piece)
    } catch (error) {
      this.#audience.failed(seat, error)
    }
  }

  /** What fails for one seat ends that one alone. */
  #deliver(seat: Seat, frames: readonly Frame[]): void {
    try {
      seat.deliver(frames)
    } catch (error) {
      this.#audience.failed(seat, error)
    }
  }

  flushSeat(seat: Seat): void {
    this.#deliver(seat, this.#frames)
    seat.from = this.#frames.length
    if (seat.from > 0) this.#special.push(seat)
  }
}

function release(frames: readonly Frame[]): void {
  for (const frame of frames) frame.release()
}
