/**
 * Whether and when to come back after a connection is lost, by its close code and reason. Asked by `client.ts`; the
 * server's side of it stands in `src/errors.ts`.
 */
import type { Retry } from './types.ts'

const RETRY: Retry = { firstMs: 2000, restartMs: 5000, soonMs: 10_000, baseMs: 500, capMs: 30_000 }

/** A connection that lasted this long makes its loss a first one. */
const STABLE_MS = 5000
/** How long a welcome may take: less soon after a loss, when the network may come back at any moment. */
const PATIENCE_MS = { soon: 2500, else: 10_000 }

/** How a connection, or the attempt at one, ended. */
export interface Loss {
  readonly code: number
  readonly reason: string
  /** It had got its welcome, and was up for so long (ms). */
  readonly wasOpen: boolean
  readonly ageMs: number
  /** Nothing more was heard of it, which we found out ourselves. */
  readonly isTimeout?: boolean
  /** We alone are to blame, so there is no crowd to wait for. */
  readonly atOnce?: boolean
}

export class Backoff {
  #retry: Retry
  /** Connections since the last one that lasted. */
  #attempts = 0
  /** When that one was lost (ms since 1970). */
  #lostAt = Number.NEGATIVE_INFINITY

  constructor(retry: Partial<Retry> = {}) {
    this.#retry = { ...RETRY, ...retry }
  }

  get retry(): Retry {
    return this.#retry
  }

  /** How long the attempt that begins now may wait for its welcome (ms). */
  get patienceMs(): number {
    return this.#isSoon ? PATIENCE_MS.soon : PATIENCE_MS.else
  }

  /** An attempt begins. */
  begin(): void {
    this.#attempts++
  }

  /** How long to wait after a loss (ms). */
  waitMs(loss: Loss): number {
    if (loss.wasOpen && loss.ageMs >= STABLE_MS) {
      this.#attempts = 0
      this.#lostAt = Date.now()
    }
    return loss.atOnce && this.#attempts === 0 ? 0 : this.#waitMs(loss)
  }

  get #isSoon(): boolean {
    return Math.abs(Date.now() - this.#lostAt) < this.#retry.soonMs
  }

  /** Jittered, so that ten thousand clients who lost one server come back one by one. A hint of the server's is obeyed. */
  #waitMs({ code, reason, wasOpen, isTimeout }: Loss): number {
    const { firstMs, restartMs, baseMs, capMs } = this.#retry
    const hint = hintMs(reason)
    if (hint !== undefined) return Math.min(hint, capMs)
    if (code === 1001) return Math.round(Math.random() * capMs) // the room was removed
    const spreadMs = code === 1012 ? restartMs : firstMs
    // Who was away for a moment is back soon after its network is. One that waited in vain has waited already; all others
    // wait a quarter at least, so that nobody asks all the time.
    if (!wasOpen && this.#isSoon) {
      return Math.round(spreadMs * (isTimeout ? 0.5 * Math.random() : 0.25 + 0.75 * Math.random()))
    }
    const growingMs = this.#attempts ? Math.min(capMs, baseMs * 2 ** (this.#attempts - 1)) : 0
    return Math.round(Math.random() * (wasOpen ? Math.max(growingMs, spreadMs) : growingMs))
  }
}

/**
 * Closed for good. 1000 and 3000–4999 are a room's own `peer.close`: who was sent away does not come back by himself.
 * 1008 is policy (said too much, token expired, the same client elsewhere), except for a missed heartbeat, and for a token
 * that ended where a new one can be had (`renews`).
 */
export function isFinal(code: number, reason: string, renews: boolean): boolean {
  const isMended = reason.includes('sign of life') || (renews && reason.includes('token'))
  return code === 1000 || code >= 3000 || (code === 1008 && !isMended)
}

/** What a server says in words: "say it again in 250 ms". */
export function hintMs(text: string): number | undefined {
  const ms = /(\d+) ms\b/.exec(text)?.[1]
  return ms === undefined ? undefined : Number(ms)
}
