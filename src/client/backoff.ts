/**
 * Decides whether and when to reconnect after a connection is lost, by its close code and reason. Used by `client.ts`;
 * `src/errors.ts` has the codes and reasons the server sends.
 */
import type { Retry } from './types.ts'

const RETRY: Retry = { firstMs: 2000, restartMs: 5000, soonMs: 10_000, baseMs: 500, capMs: 30_000 }

/** After a connection of this length its loss counts as the first one. */
const STABLE_MS = 5000
/** Timeout of the welcome: shorter soon after a loss, because the network may return at any moment. */
const WELCOME_TIMEOUT_MS = { soon: 2500, else: 10_000 }

/** No delay can be longer: with its jitter it stays below 2^31 ms, above which a timer fires at once. */
const MAX_CAP_MS = 2 ** 30

/** How a connection, or the attempt at one, ended. */
export interface Loss {
  readonly code: number
  readonly reason: string
  /** It had received its welcome. */
  readonly wasOpen: boolean
  /** Time since the attempt began. */
  readonly ageMs: number
  /** The client gave it up because nothing was received. */
  readonly isTimeout?: boolean
  /** Only this client lost its connection, so an immediate reconnect causes no rush. */
  readonly atOnce?: boolean
}

export class Backoff {
  #retry: Retry
  /** Attempts since the last stable connection. */
  #attempts = 0
  /** When the last stable connection was lost (ms since 1970). */
  #lostAt = Number.NEGATIVE_INFINITY

  constructor(retry: Partial<Retry> = {}) {
    const merged = { ...RETRY, ...retry }
    this.#retry = { ...merged, capMs: Math.min(merged.capMs, MAX_CAP_MS) }
  }

  get retry(): Retry {
    return this.#retry
  }

  /** Timeout of the welcome for an attempt that begins now (ms). */
  get welcomeTimeoutMs(): number {
    return this.#isSoon ? WELCOME_TIMEOUT_MS.soon : WELCOME_TIMEOUT_MS.else
  }

  /** Counts an attempt. */
  begin(): void {
    this.#attempts++
  }

  /** Returns how long to wait after a loss (ms). */
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

  /** Jittered, so that the clients of a lost server do not all return at once. A delay named by the server is used. */
  #waitMs({ code, reason, wasOpen, isTimeout }: Loss): number {
    const { firstMs, restartMs, baseMs, capMs } = this.#retry
    const hint = hintMs(reason)
    if (hint !== undefined) return Math.min(hint, capMs)
    if (code === 1001) return Math.round(Math.random() * capMs) // the room was removed
    const spreadMs = code === 1012 ? restartMs : firstMs
    // Soon after a loss the delay stays short, so that a short outage ends quickly. An attempt that timed out has waited
    // already; all others wait a quarter of the spread at least, so that attempts do not follow without a pause.
    if (!wasOpen && this.#isSoon) {
      return Math.round(spreadMs * (isTimeout ? 0.5 * Math.random() : 0.25 + 0.75 * Math.random()))
    }
    const growingMs = this.#attempts ? Math.min(capMs, baseMs * 2 ** (this.#attempts - 1)) : 0
    return Math.round(Math.random() * (wasOpen ? Math.max(growingMs, spreadMs) : growingMs))
  }
}

/**
 * True if the client must not reconnect. 1000 and 3000–4999 are a room's own `peer.close`. 1008 is policy (too many
 * messages, token expired, the same client id elsewhere), except for a missed heartbeat, and for an expired token if a
 * new one can be fetched (`renews`).
 */
export function isFinal(code: number, reason: string, renews: boolean): boolean {
  const isTemporary = reason.includes('sign of life') || (renews && reason.includes('token'))
  return code === 1000 || code >= 3000 || (code === 1008 && !isTemporary)
}

/** Reads a delay from a server's text, such as "send it again in 250 ms". */
export function hintMs(text: string): number | undefined {
  const ms = /(\d+) ms\b/.exec(text)?.[1]
  return ms === undefined ? undefined : Number(ms)
}
