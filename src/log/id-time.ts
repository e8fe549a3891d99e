/**
 * The time in an id that has one (UUIDv7, RFC 9562, 5.7), by which both logs distinguish a new id from a forgotten one.
 * It is the client's clock, so it is compared only with other ids of the same client. The server's clock only rules out
 * times that cannot be right.
 */
import { REMEMBER_MS } from './log.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** Ms since 1970; `undefined`: this id carries no time. */
export function idTime(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined
}

/**
 * The time of an id that is being forgotten; later, ids of its client up to this time count as forgotten. `undefined`:
 * the id has no time, or its clock was wrong (ahead of the server, at `answeredMs`, by more than ids are remembered).
 * Such a time would make every id of the client count as forgotten once its clock is right.
 */
export function forgottenTime(id: string, answeredMs: number): number | undefined {
  const time = idTime(id)
  return time === undefined || time > answeredMs + REMEMBER_MS ? undefined : time
}

/** Whether an id may have been used and forgotten. `forgottenMs`: the latest time in a forgotten id of this client. */
export function mayBeForgotten(id: string, forgottenMs: number | undefined): boolean {
  const time = idTime(id)
  return forgottenMs !== undefined && time !== undefined && time <= forgottenMs
}
