/** The rooms that close now, or are held closed: until they have, no other opens at their path. `rooms.ts` asks. */
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** How long a join or a reload waits for a room to close. */
const ROOM_CLOSE_MS = 10_000

export class Closings {
  readonly #clock: Clock
  readonly #closing = new Map<string, Promise<void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when a room may open at a path; `undefined`: it may now. */
  of(path: string): Promise<void> | undefined {
    return this.#closing.get(path)
  }

  /** No room opens at a path until `closed` has resolved. It MUST NOT reject. */
  hold(path: string, closed: Promise<void>): void {
    this.#closing.set(path, closed)
    void closed.then(() => {
      if (this.#closing.get(path) === closed) this.#closing.delete(path)
    })
  }

  /** Resolves when all that close now have closed. Waits for 10 s at most. */
  async settled(): Promise<void> {
    await this.inTime(Promise.all(this.#closing.values())).catch(() => {})
  }

  /** Settles like `promise`, or rejects after 10 s: one room that hangs must not block the others. */
  inTime<T>(promise: Promise<T>): Promise<T> {
    return within(this.#clock, ROOM_CLOSE_MS, promise, () => {
      throw new Error(`not done within ${ROOM_CLOSE_MS} ms`)
    })
  }
}
