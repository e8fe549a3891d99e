/**
 * Loops over many items in which an error of one does not affect the others: the error is passed on, and the loop goes
 * on. The flush queue, the heartbeat and the deadlines use it.
 */

/** Called with what an item threw. */
export type Failed = (error: unknown) => void

/** Where an error is logged. */
export interface ErrorLogger {
  error(fields: object, text: string): void
}

/** Rethrows the error as an uncaught one, for callers without a logger. */
export const uncaught: Failed = (error) =>
  queueMicrotask(() => {
    throw error
  })

/** Calls `work` for each item; `false` ends the loop. Returns the number of calls. */
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
