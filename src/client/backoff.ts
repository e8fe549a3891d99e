/**
 * Whether and when to come back after a connection is lost, by its close code and reason. Asked by `client.ts`; the
 * server's side of it stands in `src/errors.ts`.
 */
import type { Retry } from './types.ts'

export const RETRY: Retry = { firstMs: 2000, restartMs: 5000, baseMs: 500, capMs: 30_000 }

/** A lost connection: `attempts` in a row that did not last, `wasOpen` if it had got its welcome. */
export interface Loss {
  code: number
  reason: string
  attempts: number
  wasOpen: boolean
}

/**
 * Closed for good. 1000 and 3000–4999 are a room's own `peer.close`: who was sent away does not come back by himself.
 * 1008 is policy (said too much, token expired, the same client elsewhere), except for a missed heartbeat, and for a token
 * that ended where a new one can be had (`renews`).
 */
export function isFinal({ code, reason }: Loss, renews: boolean): boolean {
  const isMended = reason.includes('sign of life') || (renews && reason.includes('token'))
  return code === 1000 || code >= 3000 || (code === 1008 && !isMended)
}

/** Full jitter, so that ten thousand clients who lost one server come back one by one. A hint of the server's is obeyed. */
export function waitMs(
  { code, reason, attempts, wasOpen }: Loss,
  { firstMs, restartMs, baseMs, capMs }: Retry,
): number {
  const hint = hintMs(reason)
  if (hint !== undefined) return Math.min(hint, capMs)
  if (code === 1001) return Math.round(Math.random() * capMs) // the room was removed
  const growingMs = attempts ? Math.min(capMs, baseMs * 2 ** (attempts - 1)) : 0
  const spreadMs = code === 1012 ? restartMs : firstMs
  return Math.round(Math.random() * (wasOpen ? Math.max(growingMs, spreadMs) : growingMs))
}

/** What a server says in words: "say it again in 250 ms". */
export function hintMs(text: string): number | undefined {
  const ms = /(\d+) ms\b/.exec(text)?.[1]
  return ms === undefined ? undefined : Number(ms)
}
