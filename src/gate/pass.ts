/**
 * A pass: a verified token's claims and end, and the refusals for missing or invalid tokens (RFC 6750, 3). `auth.ts` makes
 * passes; streams use `whenExpired` to end in time.
 */
import type { JWTPayload } from 'jose'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** The verified claims of a token, and its end in ms since 1970 (`undefined`: never). */
export interface Pass {
  readonly claims: Readonly<JWTPayload>
  readonly untilMs: number | undefined
}

/** Calls `end` when the pass expires; the returned function cancels. */
export function whenExpired(clock: Clock, pass: Pass | undefined, end: () => void): () => void {
  if (pass?.untilMs === undefined) return () => {}
  return clock.after(pass.untilMs - clock.now(), end)
}

/** Throws a `Refusal` 401 if the pass has expired since it was checked, for example while a body was read. */
export function mustNotBeExpired(clock: Clock, pass: Pass | undefined): void {
  if (pass?.untilMs !== undefined && pass.untilMs <= clock.now()) throw expired()
}

export function noToken(): Refusal {
  return new Refusal(
    401,
    'no_token',
    'expected a token, got none; send it as "Authorization: Bearer <token>" or as the room accepts it',
    { 'WWW-Authenticate': 'Bearer' },
  )
}

/** `message` must not include any part of the token. */
export function badToken(message: string): Refusal {
  return new Refusal(401, 'bad_token', message, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
}

export function expired(): Refusal {
  return new Refusal(401, 'token_expired', 'the token has expired', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  })
}
