/**
 * A queue of steps: handles the messages of a peer in order, also if a handler is async. While nothing is async,
 * nothing is queued and no promise is created. Each peer has one.
 */
export class Sequence {
  #waiting: (() => unknown)[] | undefined
  #isBusy = false

  /** How many steps wait. */
  get length(): number {
    return this.#waiting?.length ?? 0
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Runs `step` now, or after the steps before it. A step MUST NOT throw or reject. */
  run(step: () => unknown): void {
    if (this.#isBusy) {
      this.#waiting ??= []
      this.#waiting.push(step)
      return
    }
    this.follow(step())
  }

  /** Makes later steps wait for `result`, which was begun while nothing else ran. It MUST NOT reject. */
  follow(result: unknown): void {
    if (!(result instanceof Promise)) return
    this.#isBusy = true
    // The closure exists only while a step is async: an idle peer holds none.
    void result.then(() => this.#next())
  }

  /** Resolves when all steps so far have ended. `undefined`: none runs. */
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
