/** For how long something has been well: a node with its way to Redis, the dialling of it, or Redis. */
import type { Timeline } from './timeline.ts'

export class Wellness {
  readonly #timeline: Timeline
  #sinceMs = 0
  #troubles = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  get ms(): number {
    return this.#troubles > 0 ? 0 : this.#timeline.nowMs - this.#sinceMs
  }

  /** Something is wrong. What is returned says that it is over; a second call does nothing. */
  ails(): () => void {
    this.#troubles += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#troubles -= 1
      this.#sinceMs = this.#timeline.nowMs
    }
  }

  /** Something went wrong, and is over. */
  ailed(): void {
    this.ails()()
  }
}
