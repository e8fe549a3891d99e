/**
 * The time limit for opening a room. If `open` does not end in time it is given up, and the next join opens the room
 * anew. `room.ts` opens within it.
 */
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** How long a room may take to open. */
const OPEN_MS = 10_000

/** Settles like `opened`, or rejects after 10 s. */
export function withinOpenTime(clock: Clock, opened: Promise<void>): Promise<void> {
  return within(clock, OPEN_MS, opened, () => {
    throw new Error(`"open" did not end within ${OPEN_MS / 1000} s: it is given up, the next join opens the room anew`)
  })
}
