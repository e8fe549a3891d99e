/** The clock of Redis, as far as this node knows: how far that of this machine is from it. `beats.ts` owns it. */
import type { Clock } from '../clock.ts'
import { type BeatTimes, IN_TIME_MS } from './sightings.ts'

export class RedisClock {
  readonly #clock: Clock
  #saidMs: number | undefined
  #atMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How far the machine's clock is ahead of it; below 0: behind; 0: it is not known. */
  get aheadMs(): number {
    if (this.#saidMs === undefined) return 0
    return this.#clock.now() - Math.floor(this.#saidMs + this.#clock.monotonic() - this.#atMs)
  }

  /** What it was when a beat was answered. One that was long on its way says an old time. */
  said(redisMs: number, { sentMs, answeredMs }: BeatTimes): void {
    if (answeredMs - sentMs > IN_TIME_MS) return
    this.#saidMs = redisMs
    this.#atMs = answeredMs
  }
}
