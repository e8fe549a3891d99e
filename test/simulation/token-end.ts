/** The end of the token with which a client has connected: its connection is closed then, wherever its room is, and not before. */
import { Close } from '../../src/errors.ts'
import type { Dice } from '../support/random.ts'
import type { ClientParts } from './client-parts.ts'
import type { NodeClock } from './node-clock.ts'
import { START_MS } from './timeline.ts'

/** An owner that does not say it, or not in time, is found to be away by then. */
const CLOSED_MS = 10_000

export class TokenEnd {
  readonly untilMs: number
  readonly #parts: ClientParts
  readonly #clock: NodeClock
  /** How long the node of the connection had run when it was seen first that it should have ended. */
  #dueMs: number | undefined

  constructor(parts: ClientParts, clock: NodeClock, dice: Dice) {
    this.#parts = parts
    this.#clock = clock
    this.untilMs = Math.floor(START_MS + parts.timeline.nowMs + 500 + dice.below(8000))
  }

  /** The connection stands. */
  check(): void {
    const { name, broken } = this.#parts
    if (this.#leftMs > 0) return
    this.#dueMs ??= this.#clock.ranMs
    if (this.#clock.ranMs - this.#dueMs > CLOSED_MS) broken(`${name}: its token has ended ${-this.#leftMs} ms ago`)
  }

  closed(reason: string): void {
    const { name, broken } = this.#parts
    if (reason === Close.expired.reason && this.#leftMs > 0)
      broken(`${name}: is closed ${this.#leftMs} ms before its token ends`)
  }

  get #leftMs(): number {
    return this.untilMs - START_MS - this.#parts.timeline.nowMs
  }
}
