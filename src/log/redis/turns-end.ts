/** What all rooms have appended in one turn of the event loop goes out together, at its end. `redis.ts` uses it. */
import type { Clock } from '../../clock.ts'

/** Returns what calls a function at the end of the turn, after those that were given to it before. */
export function atTurnsEnd(clock: Clock): (flush: () => void) => void {
  let flushes: (() => void)[] = []
  return (flush) => {
    flushes.push(flush)
    if (flushes.length > 1) return
    clock.soon(() => {
      const all = flushes
      flushes = []
      for (const each of all) each()
    })
  }
}
