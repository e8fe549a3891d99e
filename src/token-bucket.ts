/**
 * A token bucket in two numbers: `perSecond` on average, `burst` at once. Used for a peer's messages and for the
 * handshakes of an address.
 */
import { LONGEST_TIMER_MS } from './clock.ts'

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

export class Bucket {
  #tokens: number
  #at: number

  constructor(rate: Rate, nowMs: number) {
    this.#tokens = rate.burst
    this.#at = nowMs
  }

  /** Takes `count`. `false`: so many were not left, and none was taken. */
  take(rate: Rate, nowMs: number, count = 1): boolean {
    this.#refill(rate, nowMs)
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes `count` even where none is left. Returns the ms until the debt is paid; 0 where there is none. */
  draw(rate: Rate, nowMs: number, count = 1): number {
    this.#refill(rate, nowMs)
    this.#tokens -= count
    return this.#tokens >= 0 ? 0 : this.waitMs(rate)
  }

  /** Ms until `count` can be taken, as far as a timer and a Retry-After can say it. */
  waitMs(rate: Rate, count = 1): number {
    const ms = Math.ceil(((count - this.#tokens) / rate.perSecond) * 1000)
    return Math.min(Math.max(0, ms), LONGEST_TIMER_MS)
  }

  /** Whether it is as good as new, so that nobody need remember it. */
  isFull(rate: Rate, nowMs: number): boolean {
    this.#refill(rate, nowMs)
    return this.#tokens >= rate.burst
  }

  #refill(rate: Rate, nowMs: number): void {
    this.#tokens = Math.min(rate.burst, this.#tokens + ((nowMs - this.#at) * rate.perSecond) / 1000)
    this.#at = nowMs
  }
}
