/**
 * Work on many items in one loop, none of which may keep the others from their turn: what one throws is told, and the
 * loop goes on. The queue of the fan-out, the heartbeat and the deadlines run on it.
 */

/** Hears of what an item threw. */
export type Failed = (error: unknown) => void

/** Where an error is logged. */
export interface ErrorLogger {
  error(fields: object, text: string): void
}

/** Where nobody else hears of it, it ends the process as any error that nobody catches. */
export const uncaught: Failed = (error) =>
  queueMicrotask(() => {
    throw error
  })

/** Does `work` for each item. `work` returns `false` to end the loop. Returns how many had their turn. */
export function eachGuarded<T>(items: Iterable<T>, work: (item: T) => unknown, failed: Failed): number {
  let done = 0
  for (const item of items) {
    done += 1
    try {
      if (work(item) === false) return done
    } catch (error) {
      failed(error)
    }
  }
  return done
}
