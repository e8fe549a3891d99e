/**
 * A time limit for a promise that may never settle: of room code, a log, a peer. The caller goes on after the limit,
 * and no timer is left. Anything with a `then` counts as a promise, since a module may have its own kind.
 */
import type { Clock } from './clock.ts'

/** Settles as `promise` does, or after `ms` with what `late` returns or throws. */
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

/** The result of room code as a promise; `undefined` if it is not a promise. */
export function pendingOf(result: unknown): Promise<unknown> | undefined {
  return isThenable(result) ? Promise.resolve(result) : undefined
}

/** Whether it has a `then`. Throws what a getter of it throws. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return 'then' in value && typeof value.then === 'function'
}
