/**
 * One machine of a simulation: the place where one life of a node follows another, at the same address or another port.
 * What goes wrong with it is noted, so that it is known whether it was well when somebody took its rooms.
 */
import type { SimNode } from './node.ts'
import type { Timeline } from './timeline.ts'

export class Machine {
  readonly name: string
  readonly #timeline: Timeline
  node: SimNode | undefined
  /** Of the links of its node. */
  port: number
  /** Since when nothing was wrong with its node, its way to Redis, and the links to it. */
  #wellSinceMs = 0
  #troubles = 0

  constructor(name: string, port: number, timeline: Timeline) {
    this.name = name
    this.port = port
    this.#timeline = timeline
  }

  /** For how long it has been well. */
  get wellMs(): number {
    return this.#troubles > 0 ? 0 : this.#timeline.nowMs - this.#wellSinceMs
  }

  /** Something is wrong with it. What is returned says that it is over; a second call does nothing. */
  ails(): () => void {
    this.#troubles += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#troubles -= 1
      this.#wellSinceMs = this.#timeline.nowMs
    }
  }

  /** Something went wrong with it, and is over. */
  ailed(): void {
    this.ails()()
  }
}
