/** Counts requests in flight, so that a graceful close can wait for them. `room-routes.ts` counts, `ending.ts` waits. */
export class InFlightRequests {
  #count = 0
  #waiting: (() => void)[] = []

  /** Counts a request until `answer` settles. */
  async track<T>(answer: Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await answer
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Resolves when no request is in flight. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
