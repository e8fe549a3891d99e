/**
 * When the next beat is sent: a second after the last, or earlier if somebody waits for it. One at a time, so that a Redis
 * that is frozen gets one. `beats.ts` owns it.
 */
import type { Clock } from '../clock.ts'

export const BEAT_MS = 1000

export interface LoopParts {
  readonly clock: Clock
  /** Beats. Resolves with whether it was answered in time. */
  readonly beat: () => Promise<boolean>
  /** When a beat would tell something new, monotonic ms. */
  readonly dueMs: () => number
}

export class BeatLoop {
  readonly #parts: LoopParts
  #sentMs = 0
  #isWanted = false
  #hasEnded = false
  /** The beat that has no answer yet. */
  #beating: Promise<boolean> | undefined
  #cancel = () => {}

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  /** Begins. Resolves with whether the first beat was answered in time. */
  start(): Promise<boolean> {
    return this.#beat()
  }

  /** A beat as soon as can be. */
  soon(): void {
    this.#isWanted = true
    if (!this.#beating) this.#schedule()
  }

  /** A beat that is sent from now on. */
  async anew(): Promise<boolean> {
    await this.#beating
    return !this.#hasEnded && this.#beat()
  }

  /** Resolves when no beat is on its way. */
  async end(): Promise<void> {
    this.#hasEnded = true
    this.#cancel()
    await this.#beating
  }

  #beat(): Promise<boolean> {
    if (this.#beating) return this.#beating
    this.#cancel()
    this.#sentMs = this.#parts.clock.monotonic()
    this.#isWanted = false
    this.#beating = this.#parts.beat().finally(() => {
      this.#beating = undefined
      this.#schedule()
    })
    return this.#beating
  }

  #schedule(): void {
    const { clock, dueMs } = this.#parts
    this.#cancel()
    if (this.#hasEnded) return
    const inMs = Math.min(this.#sentMs + BEAT_MS, dueMs()) - clock.monotonic()
    // A timer that is early would have to be repeated.
    this.#cancel = clock.after(this.#isWanted ? 0 : Math.ceil(Math.max(0, inMs)), () => void this.#beat())
  }
}
