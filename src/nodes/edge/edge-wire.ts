/**
 * The wire of a peer as its room sees it, here or on another node. It remembers what was written last, so that the peer
 * can be brought to where its room has moved without a gap; a close because the room moves does not reach the transport.
 * `edge-session.ts` owns it.
 */
import { type Bytes, type Encoding, type Frame, join } from '../../delivery/frame.ts'
import type { Wire } from '../../delivery/wire.ts'
import { Close, type CloseReason } from '../../errors.ts'

/** Whose wire it is. */
export interface WireOwner {
  /** The room has gone from where the peer is. `false`: the connection ends with it. */
  moved(): boolean
  /** The room has ended the connection. */
  ended(): void
  /** The frames that may be heard; the same list if that is all of them. */
  heard(frames: readonly Frame[]): readonly Frame[]
}

export class EdgeWire implements Wire {
  readonly encoding: Encoding
  readonly #owner: WireOwner
  readonly #wire: Wire
  #isOver = false
  /** The present home of the room has written its welcome. */
  #isWelcome = false
  /** The peer has more than a welcome of a replay that is to come. */
  #hasBegun = false
  #seq = 0

  constructor(wire: Wire, owner: WireOwner) {
    this.#wire = wire
    this.#owner = owner
    this.encoding = wire.encoding
  }

  /** Where the peer is in the log of the home that wrote last; `undefined`: that has not begun. */
  get seq(): number | undefined {
    return this.#isWelcome && this.#hasBegun ? this.#seq : undefined
  }

  /** The kept event that was written last, or that the last frame comes after. */
  get written(): number {
    return this.#seq
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Another home is about to write. */
  begin(): void {
    this.#isWelcome = false
  }

  get waiting(): number {
    return this.#wire.waiting
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (this.#isOver) return
    const heard = this.#owner.heard(frames)
    this.#note(frames)
    if (heard === frames) this.#wire.send(bytes, frames)
    else if (heard.length > 0) this.#wire.send(join(heard, this.encoding), heard)
  }

  /** An answer of the edge's own. */
  answer(frame: Frame): void {
    if (this.#isOver) return
    frame.after = this.#seq
    this.#wire.send(frame.bytes(this.encoding), [frame])
  }

  #note(frames: readonly Frame[]): void {
    const last = frames[frames.length - 1]
    if (!last) return
    const seq = last.seq || last.after
    const first = frames[0]
    if (!this.#isWelcome && first?.type === 'welcome') {
      this.#isWelcome = true
      // What was written of another home counts, whatever this one replays.
      this.#hasBegun ||= seq > first.after || first.after >= newestIn(first)
    } else if (seq > this.#seq) this.#hasBegun = true
    this.#seq = seq
  }

  drained(below: number): Promise<void> | undefined {
    return this.#wire.drained(below)
  }

  rest(ms: number): void {
    if (!this.#isOver) this.#wire.rest(ms)
  }

  close(reason: CloseReason): void {
    if (this.#isOver || (reason === Close.moved && this.#owner.moved())) return
    this.#isOver = true
    this.#wire.close(reason)
    this.#owner.ended()
  }

  drop(): void {
    this.#wire.drop()
  }

  /** The connection is gone. */
  over(): void {
    this.#isOver = true
  }
}

/** The newest event when a welcome was said. */
function newestIn({ data }: Frame): number {
  // A quote within a text has a backslash before it, so that nothing else matches.
  return Number(/"seq":(\d+)/.exec(String(data))?.[1] ?? 0)
}
