/**
 * A bound for what may never end: a promise of an author, a log, a peer. Whoever waits goes on after so long, and no
 * timer is left behind. Anything with a `then` counts as a promise, since a module may bring promises of its own kind.
 */
import type { Clock } from './clock.ts'

/** Settles as `promise` does, or after `ms` as `late` does: with what it returns or throws. */
export function within<T>(clock: Clock, ms: number, promise: PromiseLike<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    })
    Promise.resolve(promise).then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}

/** What an author's code returned, as a promise; `undefined`: it has ended. */
export function pendingOf(result: unknown): Promise<unknown> | undefined {
  return isThenable(result) ? Promise.resolve(result) : undefined
}

/** Whether it has a `then`; throws what a getter of it throws. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return 'then' in value && typeof value.then === 'function'
}
