/**
 * The wire of a guest: a peer of a room here whose connection an edge holds. What is for it alone and what ends it goes to
 * the edge through its place; what is for all does not pass here. What waits is what was sent to it and is not reported
 * written. `guest-place.ts` makes it.
 */
import type { Encoding, Frame } from '../../delivery/frame.ts'
import type { Relay, Relayed } from '../../delivery/relay.ts'
import type { Wire } from '../../delivery/wire.ts'
import type { CloseReason } from '../../errors.ts'

/** Where a guest's wire leads. */
export interface GuestRelay extends Relay {
  sendToOne(session: number, frames: readonly Frame[]): void
  rest(session: number, ms: number): void
  /** `undefined`: at once, with all that waits. */
  end(session: number, reason: CloseReason | undefined): void
}

/** Frames are encoded by the link, for all its wires at once. */
const FRAMES: Encoding = { name: 'guest', encode: () => '', join: () => '' }

export class GuestWire implements Wire, Relayed {
  readonly encoding = FRAMES
  readonly relay: GuestRelay
  readonly session: number
  /** The lengths of all frames sent to it alone, less of those written. */
  #waiting = 0
  #isOver = false
  #drain: { readonly below: number; readonly resolve: () => void } | undefined

  constructor(relay: GuestRelay, session: number) {
    this.relay = relay
    this.session = session
  }

  get relayed(): Relayed {
    return this
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get waiting(): number {
    return this.#isOver ? 0 : this.#waiting
  }

  send(_bytes: unknown, frames: readonly Frame[]): void {
    if (this.#isOver) return
    for (const { length } of frames) this.#waiting += length
    this.relay.sendToOne(this.session, frames)
  }

  /** The edge has written frames of this length. */
  written(length: number): void {
    this.#waiting = Math.max(0, this.#waiting - length)
    this.#drained()
  }

  drained(below: number): Promise<void> | undefined {
    if (this.waiting <= below) return undefined
    return new Promise((resolve) => {
      this.#drain = { below, resolve }
    })
  }

  rest(ms: number): void {
    if (!this.#isOver) this.relay.rest(this.session, ms)
  }

  close(reason: CloseReason): void {
    if (this.#isOver) return
    this.relay.end(this.session, reason)
    this.lost()
  }

  drop(): void {
    if (this.#isOver) return
    this.relay.end(this.session, undefined)
    this.lost()
  }

  /** The connection is over at the edge, or the edge cannot be reached. */
  lost(): void {
    this.#isOver = true
    this.#drained()
  }

  #drained(): void {
    if (!this.#drain || this.waiting > this.#drain.below) return
    this.#drain.resolve()
    this.#drain = undefined
  }
}
