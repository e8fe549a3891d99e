/** What `mover.ts` does with a log, for it and for `state.test.ts`. */

/** The sum of both amounts. */
export const TOTAL = 1_000_000
/** Each of so many moves also redacts the event three before it. */
export const REDACTED_EACH = 10
/** Each of so many moves also clears the history. */
export const CLEARED_EACH = 100
