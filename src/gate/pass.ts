/**
 * A pass: what a checked token gives whoever brought it, and the refusals of who has none (RFC 6750, 3). `auth.ts` makes
 * passes; whatever goes on for longer than a request asks here when to end.
 */
import type { JWTPayload } from 'jose'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** The verified claims of a token, and when it ends (ms since 1970). */
export interface Pass {
  readonly claims: Readonly<JWTPayload>
  readonly untilMs: number | undefined
}

/** Calls `end` when the pass is over; the returned function cancels. */
export function whenExpired(clock: Clock, pass: Pass | undefined, end: () => void): () => void {
  if (pass?.untilMs === undefined) return () => {}
  return clock.after(pass.untilMs - clock.now(), end)
}

/** Throws a `Refusal` 401 where the pass has ended since it was checked: a body may take its time. */
export function mustNotBeExpired(clock: Clock, pass: Pass | undefined): void {
  if (pass?.untilMs !== undefined && pass.untilMs <= clock.now()) throw expired()
}

export function noToken(): Refusal {
  return new Refusal(401, 'no_token', 'this room asks for a token', { 'WWW-Authenticate': 'Bearer' })
}

/** `message` says nothing of the token itself. */
export function badToken(message: string): Refusal {
  return new Refusal(401, 'bad_token', message, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
}

export function expired(): Refusal {
  return new Refusal(401, 'token_expired', 'the token has expired', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  })
}
