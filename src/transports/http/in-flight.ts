/** Requests that are being answered: the end of a server waits for them. `room-routes.ts` counts, `server.ts` waits. */
export class InFlight {
  #count = 0
  #waiting: (() => void)[] = []

  /** Counts a request until it is answered. */
  async track<T>(answer: Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await answer
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Resolves when none is left. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
