/**
 * The questions of one link that wait for their answers: each has a number, and is answered, fails or is given up once.
 * `link.ts` owns one.
 */
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import { RoomError } from '../errors.ts'
import { fitted } from './link-shapes.ts'

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class PendingAsks {
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#pending.size
  }

  /**
   * Says a question under a number of its own. Rejects with a `RoomError` `unavailable` after `ms`. `shape`: of its answer.
   */
  ask<T>(say: (ask: number) => void, shape: z.ZodType<T>, ms: number): Promise<T> {
    this.#last += 1
    const ask = this.#last
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const cancel = this.#clock.after(ms, () => this.fail(ask, unavailable('the other node has not answered in time')))
    this.#pending.set(ask, {
      resolve(value) {
        cancel()
        resolve(fitted(shape, value, 'an answer'))
      },
      reject(error) {
        cancel()
        reject(error)
      },
    })
    say(ask)
    return promise
  }

  /** An answer; one that comes too late is dropped. Throws a `MalformedError` if it is none to this question. */
  answer(ask: number, value: unknown): void {
    const pending = this.#take(ask)
    try {
      pending?.resolve(value)
    } catch (error) {
      pending?.reject(unavailable('the other node has not answered what was asked'))
      throw error
    }
  }

  fail(ask: number, error: Error): void {
    this.#take(ask)?.reject(error)
  }

  /** Fails all: no answer comes any more. */
  failAll(): void {
    for (const ask of [...this.#pending.keys()]) this.fail(ask, unavailable('the link to the other node is over'))
  }

  #take(ask: number): Pending | undefined {
    const pending = this.#pending.get(ask)
    this.#pending.delete(ask)
    return pending
  }
}

export function unavailable(why: string): RoomError {
  return new RoomError('unavailable', `${why}, try again later`)
}
