/**
 * The questions of one link that wait for their answers: each has a number, and is answered, fails or is given up once.
 * `link.ts` owns one.
 */
import type { Clock } from '../clock.ts'
import { RoomError } from '../errors.ts'

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

  /** Says a question under a number of its own. Rejects with a `RoomError` `unavailable` after `ms`. */
  ask(say: (ask: number) => void, ms: number): Promise<unknown> {
    this.#last += 1
    const ask = this.#last
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const cancel = this.#clock.after(ms, () => this.fail(ask, unavailable('the other node has not answered in time')))
    this.#pending.set(ask, {
      resolve(value) {
        cancel()
        resolve(value)
      },
      reject(error) {
        cancel()
        reject(error)
      },
    })
    say(ask)
    return promise
  }

  /** An answer; one that comes too late is dropped. */
  answer(ask: number, value: unknown): void {
    this.#take(ask)?.resolve(value)
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
