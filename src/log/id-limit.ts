/** How many ids of messages a room's log remembers. Beyond it new ones are refused, and none is forgotten early. */
import { LimitError } from '../errors.ts'
import type { IdempotencyKey } from './log.ts'
import { isNew } from './pending-keys.ts'

/** Unless the room's settings say otherwise. */
export const MOST_IDS = 1_000_000

/** How many of these are ids that are not kept yet. */
export function newIds(keys: readonly IdempotencyKey[]): number {
  return keys.reduce((count, key) => count + (isNew(key) ? 1 : 0), 0)
}

/** The error for ids that do not fit; `undefined`: they do. `remembered`: how many are, or are about to be. */
export function idsRefusal(
  keys: readonly IdempotencyKey[],
  remembered: number,
  most: number = MOST_IDS,
): LimitError | undefined {
  // An update of an id that is kept, or a producer's, adds none.
  const more = newIds(keys)
  if (more === 0 || remembered + more <= most) return undefined
  const message = `limits.ids: this room remembers ${most} message ids at most, send it again later, or without an id`
  return new LimitError('limits.ids', 'unavailable', message)
}
