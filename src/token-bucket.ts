/**
 * A token bucket in two numbers: `perSecond` on average, `burst` at once. For the messages of a peer and the handshakes
 * of an address.
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

  /** Takes `count` tokens. Returns `false`, and takes none, if there are fewer. */
  take(rate: Rate, nowMs: number, count = 1): boolean {
    this.#refill(rate, nowMs)
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes `count` tokens, even if there are fewer. Returns the ms until the debt is paid; 0 if there is none. */
  draw(rate: Rate, nowMs: number, count = 1): number {
    this.#refill(rate, nowMs)
    this.#tokens -= count
    return this.#tokens >= 0 ? 0 : this.waitMs(rate)
  }

  /** Ms until `count` can be taken, at most the longest timer. */
  waitMs(rate: Rate, count = 1): number {
    const ms = Math.ceil(((count - this.#tokens) / rate.perSecond) * 1000)
    return Math.min(Math.max(0, ms), LONGEST_TIMER_MS)
  }

  /** Whether it is full, like a new one, and need not be kept. */
  isFull(rate: Rate, nowMs: number): boolean {
    this.#refill(rate, nowMs)
    return this.#tokens >= rate.burst
  }

  #refill(rate: Rate, nowMs: number): void {
    this.#tokens = Math.min(rate.burst, this.#tokens + ((nowMs - this.#at) * rate.perSecond) / 1000)
    this.#at = nowMs
  }
}
