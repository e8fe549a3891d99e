/**
 * The time in an id that carries one (UUIDv7, RFC 9562, 5.7). It is the clock of whoever made the id, so it is compared
 * only with the times of other ids of the same client; the server's clock only says which of them cannot be. `memory-idempotency.ts`
 * and `idempotency.ts` use it to tell a new id from one that was forgotten.
 */
import { REMEMBER_MS } from './log.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** Ms since 1970; `undefined`: this id carries no time. */
function idTime(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined
}

/**
 * The time by which a forgotten id outlaws others of its client. An id that was further ahead of the server when it was
 * answered (`answeredMs`) than ids are remembered tells of a clock that was wrong: it would outlaw all that the client says
 * once the clock is right.
 */
export function forgottenTime(id: string, answeredMs: number): number | undefined {
  const time = idTime(id)
  return time === undefined || time > answeredMs + REMEMBER_MS ? undefined : time
}

/** Whether an id may be among those forgotten. `forgottenMs`: the latest time in a forgotten id of this client. */
export function mayBeForgotten(id: string, forgottenMs: number | undefined): boolean {
  const time = idTime(id)
  return forgottenMs !== undefined && time !== undefined && time <= forgottenMs
}
