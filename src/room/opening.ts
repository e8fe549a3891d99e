/**
 * The bound of a room that opens: one whose `open` never ends is given up, whatever it still does, so that the next who
 * comes opens the room anew. `room.ts` opens within it.
 */
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** How long a room may take to open. */
const OPEN_MS = 10_000

/** Settles as `opened` does, or rejects after so long. */
export function withinOpenTime(clock: Clock, opened: Promise<void>): Promise<void> {
  return within(clock, OPEN_MS, opened, () => {
    throw new Error(
      `"open" did not end within ${OPEN_MS / 1000} s: it is given up, the next who comes opens the room anew`,
    )
  })
}
