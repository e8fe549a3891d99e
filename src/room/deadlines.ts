/**
 * Timeouts of messages: every message with an id gets its ack or an error within 5 s, even if a handler or the log
 * hangs. One queue and one timer serve all rooms; most exchanges are answered before the timer sees them.
 */
import type { Clock } from '../clock.ts'
import { type Failed, uncaught } from '../guarded.ts'
import type { Exchange } from './exchange.ts'

/** Less than the promised 5 s, to leave time for the timer and the network. */
const ANSWER_MS = 4500
const SWEEP_MS = 200

interface Deadline {
  readonly exchange: Exchange
  readonly timeOut: (exchange: Exchange) => void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #failed: Failed
  #waiting: Deadline[] = []
  #isSweeping = false

  constructor(clock: Clock, failed: Failed = uncaught) {
    this.#clock = clock
    this.#failed = failed
  }

  /** Calls `timeOut` if the exchange is not answered in time. */
  add(exchange: Exchange, timeOut: (exchange: Exchange) => void): void {
    this.#waiting.push({ exchange, timeOut })
    this.#sweepLater()
  }

  /** No timer runs while nothing is pending. */
  #sweepLater(): void {
    if (this.#isSweeping || this.#waiting.length === 0) return
    this.#isSweeping = true
    this.#clock.after(SWEEP_MS, () => {
      this.#isSweeping = false
      this.#sweep()
      this.#sweepLater()
    })
  }

  #sweep(): void {
    const before = this.#clock.monotonic() - ANSWER_MS
    let done = 0
    for (const { exchange, timeOut } of this.#waiting) {
      if (!exchange.isAnswered && exchange.startedMs > before) break
      done += 1
      if (!exchange.isAnswered) this.#timeOut(exchange, timeOut)
    }
    if (done > 0) this.#waiting = this.#waiting.slice(done)
  }

  /** A failure for one exchange does not delay the others. */
  #timeOut(exchange: Exchange, timeOut: (exchange: Exchange) => void): void {
    try {
      timeOut(exchange)
    } catch (error) {
      this.#failed(error)
    }
  }
}
