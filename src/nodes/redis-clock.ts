/** The clock of Redis, as far as this node knows: what it says now, and how far that of this machine is from it. */
import type { Clock } from '../clock.ts'
import { type BeatTimes, IN_TIME_MS } from './sightings.ts'

/** It is known no better, also where Redis answers at once. */
const EXACT_MS = 20

/** What Redis' clock says when a call arrives that is sent now, unless it jumps; `withinMs` below 0: that is not known. */
export interface ExpectedTime {
  readonly ms: number
  readonly withinMs: number
}

export class RedisClock {
  readonly #clock: Clock
  #saidMs: number | undefined
  /** When it said so, on the monotonic clock, and how long that beat took. */
  #atMs = 0
  #tookMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How far the machine's clock is ahead of it; below 0: behind; 0: it is not known. */
  get aheadMs(): number {
    return this.#saidMs === undefined ? 0 : this.#clock.now() - this.#now(this.#saidMs)
  }

  get expected(): ExpectedTime {
    if (this.#saidMs === undefined) return { ms: 0, withinMs: -1 }
    return { ms: this.#now(this.#saidMs), withinMs: Math.ceil(this.#tookMs) + EXACT_MS }
  }

  /** A beat was answered. One that was long on its way tells little. */
  said(redisMs: number, { sentMs, answeredMs }: BeatTimes): void {
    if (answeredMs - sentMs > IN_TIME_MS) return
    this.#saidMs = redisMs
    this.#atMs = (sentMs + answeredMs) / 2
    this.#tookMs = answeredMs - sentMs
  }

  #now(saidMs: number): number {
    return Math.floor(saidMs + this.#clock.monotonic() - this.#atMs)
  }
}
