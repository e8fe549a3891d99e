/**
 * Who still waits for an answer: every message with an id gets its ack or an error within 5 s, also when a handler or
 * the log hangs. One queue and one timer for all; most turns are answered before the timer ever sees them.
 */
import type { Clock } from '../clock.ts'
import { type Failed, uncaught } from '../guarded.ts'
import type { Exchange } from './exchange.ts'

/** Below the 5 s that are promised, by what the timer and the network may add. */
const ANSWER_MS = 4500
const SWEEP_MS = 200

interface Pending {
  readonly exchange: Exchange
  readonly timeOut: (exchange: Exchange) => void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #failed: Failed
  #waiting: Pending[] = []
  #isSweeping = false

  constructor(clock: Clock, failed: Failed = uncaught) {
    this.#clock = clock
    this.#failed = failed
  }

  /** Calls `timeOut` where the exchange is not answered in time. */
  add(exchange: Exchange, timeOut: (exchange: Exchange) => void): void {
    this.#waiting.push({ exchange, timeOut })
    this.#sweepLater()
  }

  /** No timer runs where nobody waits. */
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

  /** What fails for one keeps no other waiting. */
  #timeOut(exchange: Exchange, timeOut: (exchange: Exchange) => void): void {
    try {
      timeOut(exchange)
    } catch (error) {
      this.#failed(error)
    }
  }
}
