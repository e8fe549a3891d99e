/**
 * Cursors of live reads (Durable Streams protocol, 10.1): the number of the current time interval. A client repeats it in
 * its next request, so that no cache returns the same answer for ever. They are independent of the log.
 */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'

const INTERVAL_MS = 20_000
/** 9 October 2024, as the protocol requires. */
const START_MS = Date.UTC(2024, 9, 9)
const MAX_JITTER_MS = 3_600_000

interface CursorParts {
  readonly clock: Clock
  readonly random: Random
}

/** A source of cursors for one answer: never decreasing, and all after the client's (`undefined`: it sent none). */
export function cursors({ clock, random }: CursorParts, given: string | undefined): () => string {
  const interval = () => Math.floor((clock.now() - START_MS) / INTERVAL_MS)
  const had = given !== undefined && /^\d{1,15}$/.test(given) ? Number(given) : -1
  const jitter = Math.max(1, Math.ceil((random.fraction() * MAX_JITTER_MS) / INTERVAL_MS))
  let last = had < interval() ? interval() : had + jitter
  return () => {
    last = Math.max(last, interval())
    return String(last)
  }
}
