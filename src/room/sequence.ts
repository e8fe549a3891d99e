/**
 * One thing after the other: a peer's messages in the order they came, also where a handler is async. While nothing is
 * async, nothing is queued and no promise is made.
 */
export class Sequence {
  #waiting: (() => unknown)[] | undefined
  #isBusy = false

  /** How many wait for their turn. */
  get length(): number {
    return this.#waiting?.length ?? 0
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Runs `step` now or after those before it. A step MUST NOT throw or reject. */
  run(step: () => unknown): void {
    if (this.#isBusy) {
      this.#waiting ??= []
      this.#waiting.push(step)
      return
    }
    this.follow(step())
  }

  /** What comes after waits for `result`, which was begun while nothing else ran. It MUST NOT reject. */
  follow(result: unknown): void {
    if (!(result instanceof Promise)) return
    this.#isBusy = true
    // A closure only while something is async: an idle peer holds none.
    void result.then(() => this.#next())
  }

  /** Resolves when all that was begun has ended. `undefined`: nothing runs. */
  idle(): undefined | Promise<void> {
    if (!this.#isBusy) return undefined
    return new Promise((resolve) => this.run(resolve))
  }

  #next(): void {
    this.#isBusy = false
    while (!this.#isBusy) {
      const step = this.#waiting?.shift()
      if (!step) return
      this.run(step)
    }
  }
}
