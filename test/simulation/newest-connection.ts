/** Which connection of a client a node has joined last: one that was frozen may do so late. Of two the later one stays. */
import type { SimWire } from './sim-wire.ts'

/** The time that nodes have in common may differ by so much. */
const APART_MS = 20

export class NewestConnection {
  #wire: SimWire | undefined
  #joinedMs = Number.NEGATIVE_INFINITY
  #isSure = false

  joined(wire: SimWire, nowMs: number): void {
    // As where nodes stood still: nobody knows which of the two is later.
    this.#isSure = nowMs - this.#joinedMs > APART_MS
    this.#joinedMs = nowMs
    this.#wire = wire
  }

  /** Whether no other may take its place. */
  is(wire: SimWire): boolean {
    return wire === this.#wire && this.#isSure
  }
}
