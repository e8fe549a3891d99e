/**
 * How much a test does: little in `npm test`, which asks whether something holds; much in `npm run reliability`, which
 * measures how well; and with `FULL=1` as much as before a release.
 */
const { FIGURES, FULL } = process.env

/** Whether this run measures. Only then may a test judge a time, a rate, a percentage or a memory (`bound`). */
export const isMeasuring = Boolean(FIGURES)

/** `few` in `npm test`, `many` where it is measured, `all` with `FULL=1`. */
export function amount(few: number, many: number, all = many): number {
  if (FULL === '1') return all
  return isMeasuring ? many : few
}
