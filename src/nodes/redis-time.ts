/**
 * The time that all nodes have in common, as far as this one knows: what Redis said with a beat, and what has passed since.
 * It never goes back, nor does what Redis says (`scripts/beat.ts`), so a later answer can only put it forward: one that
 * was long on its way says an old time. `beats.ts` owns it.
 */
import type { Clock } from '../clock.ts'

export class RedisTime {
  readonly #clock: Clock
  /** What Redis said; `undefined`: it has not answered yet. */
  #saidMs: number | undefined
  #atMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Before Redis has answered, the machine's time. */
  now(): number {
    return this.#saidMs === undefined ? this.#clock.now() : this.known
  }

  /** 0: Redis has not answered yet. */
  get known(): number {
    return this.#saidMs === undefined ? 0 : Math.floor(this.#saidMs + this.#clock.monotonic() - this.#atMs)
  }

  /** How far the machine's clock is ahead of it; below 0: behind. */
  get aheadMs(): number {
    return this.#saidMs === undefined ? 0 : this.#clock.now() - this.known
  }

  said(redisMs: number): void {
    if (redisMs <= this.known) return
    this.#saidMs = redisMs
    this.#atMs = this.#clock.monotonic()
  }
}
