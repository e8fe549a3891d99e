/**
 * The opening of a room. If it does not end in time it is given up, and so it is if the room loses its log meanwhile: the
 * next join opens the room anew. `room.ts` opens within it.
 */
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** How long a room may take to open. */
const OPEN_MS = 10_000

export class Opening {
  /** The room is open. */
  isOver = false
  #failure: Error | undefined
  #fail: (error: Error) => void = () => {}

  /** Settles like `open`; rejects after 10 s, or with the error of `giveUp`. */
  async run(clock: Clock, open: () => Promise<void>): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#fail = reject
      open().then(resolve, reject)
    })
    await within(clock, OPEN_MS, opened, () => {
      throw new Error(
        `"open" did not end within ${OPEN_MS / 1000} s: it is given up, the next join opens the room anew`,
      )
    })
    // Given up since `open` has ended.
    if (this.#failure) throw this.#failure
    this.isOver = true
  }

  giveUp(error: Error): void {
    this.#failure = error
    this.#fail(error)
  }
}
