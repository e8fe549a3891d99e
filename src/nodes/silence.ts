/**
 * How long nothing was heard on a link, counted by ticks of a second. The time in which this process itself did not run
 * is counted as one tick at most: after a freeze the timers run before what has arrived meanwhile is read. `link.ts` asks.
 */
import type { Clock } from '../clock.ts'

export const TICK_MS = 1000

export class Silence {
  readonly #clock: Clock
  /** Until when it is counted. */
  #countedMs: number
  #silentMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#countedMs = clock.monotonic()
  }

  /** Something was heard. */
  heard(): void {
    this.#silentMs = 0
    this.#countedMs = this.#clock.monotonic()
  }

  /** Counts on, at each tick. Returns for how long it has been silent. */
  tick(): number {
    const now = this.#clock.monotonic()
    this.#silentMs += Math.min(now - this.#countedMs, TICK_MS)
    this.#countedMs = now
    return this.#silentMs
  }
}
