/**
 * Notices that this process did not run for a while. What comes in just afterwards may be old: of a client that has long
 * connected to another node, say. So peers wait a moment, in which the end of such a connection is read too; else it
 * would count as the one that began later. `node-rooms.ts` asks.
 */
import type { Clock } from '../../clock.ts'

const TICK_MS = 500
/** Longer between two ticks: this process did not run. */
const PAUSE_MS = 1500
/** What had come during a pause is read within it. */
const CATCH_UP_MS = 100

export class Pauses {
  readonly #clock: Clock
  #seenMs: number
  #caughtUpMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#seenMs = clock.monotonic()
    clock.every(TICK_MS, () => this.#look())
  }

  /** Resolves when what came during a pause has been read; `undefined`: there was none. */
  caughtUp(): Promise<void> | undefined {
    const leftMs = this.#caughtUpMs - this.#look()
    if (leftMs <= 0) return undefined
    return new Promise((resolve) => void this.#clock.after(leftMs, resolve))
  }

  /** After a pause what was read comes before timers, or after them. */
  #look(): number {
    const now = this.#clock.monotonic()
    if (now - this.#seenMs > PAUSE_MS) this.#caughtUpMs = now + CATCH_UP_MS
    this.#seenMs = now
    return now
  }
}
