/** The bearer token of an operator's path. `operator.ts` and `admin-routes.ts` require one. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../../errors.ts'
import { bearerOf } from '../../gate/auth.ts'
import type { Caller } from '../../gate/caller.ts'
import type { Gate } from '../../gate/gate.ts'

/** A token, and the variable it is set in. */
export interface RequiredToken {
  readonly value: string
  readonly name: 'metrics' | 'admin'
  readonly variable: 'METRICS_TOKEN' | 'ADMIN_TOKEN'
}

/** Throws a `Refusal` 401, or 429 after too many: a wrong token costs a handshake, so guessing is rate-limited. */
export function requireToken({ value, name, variable }: RequiredToken, gate: Gate, caller: Caller): void {
  const given = bearerOf(caller.authorization)
  if (given !== undefined && isSame(given, value)) return
  gate.charge(caller, 1)
  if (given === undefined) {
    const message = `expected the ${name} token, got none; send it as "Authorization: Bearer <token>"`
    throw new Refusal(401, 'no_token', message, { 'WWW-Authenticate': 'Bearer' })
  }
  const message = `expected the ${name} token, got another; send the value of ${variable}`
  throw new Refusal(401, 'bad_token', message, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
}

/** Compares in constant time. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
