/** The time of Redis, as far as this node knows: what Redis said last, and what has passed since. It never goes back. */
import type { Clock } from '../clock.ts'

export class RedisTime {
  readonly #clock: Clock
  #saidMs: number
  #atMs: number
  #latestMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#saidMs = clock.now()
    this.#atMs = clock.monotonic()
  }

  now(): number {
    const nowMs = Math.floor(this.#saidMs + this.#clock.monotonic() - this.#atMs)
    this.#latestMs = Math.max(this.#latestMs, nowMs)
    return this.#latestMs
  }

  said(redisMs: number): void {
    this.#saidMs = redisMs
    this.#atMs = this.#clock.monotonic()
  }
}
