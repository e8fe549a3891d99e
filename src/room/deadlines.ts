/**
 * Who still waits for an answer: every message with an id gets its ack or an error within 5 s, also when a handler or
 * the log hangs. One queue and one timer for all; most turns are answered before the timer ever sees them.
 */
import type { Clock } from '../clock.ts'
import { type Failed, uncaught } from '../guarded.ts'
import type { Turn } from './exchange.ts'

/** Below the 5 s that are promised, by what the timer and the network may add. */
const ANSWER_MS = 4500
const SWEEP_MS = 200

interface Waiting {
  readonly turn: Turn
  readonly overdue: (turn: Turn) => void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #failed: Failed
  #waiting: Waiting[] = []
  #isSweeping = false

  constructor(clock: Clock, failed: Failed = uncaught) {
    this.#clock = clock
    this.#failed = failed
  }

  /** Calls `overdue` where the turn is not answered in time. */
  add(turn: Turn, overdue: (turn: Turn) => void): void {
    this.#waiting.push({ turn, overdue })
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
    for (const { turn, overdue } of this.#waiting) {
      if (!turn.isAnswered && turn.startedMs > before) break
      done += 1
      if (!turn.isAnswered) this.#tell(turn, overdue)
    }
    if (done > 0) this.#waiting = this.#waiting.slice(done)
  }

  /** What fails for one keeps no other waiting. */
  #tell(turn: Turn, overdue: (turn: Turn) => void): void {
    try {
      overdue(turn)
    } catch (error) {
      this.#failed(error)
    }
  }
}
