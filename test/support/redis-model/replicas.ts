/** The replicas of a model, and who waits for them (`WAIT`). */
import type { Clock } from '../../../src/clock.ts'
import type { RedisModel } from './redis-model.ts'
import { Replica } from './replica.ts'

interface Waiting {
  readonly count: number
  readonly position: number
  readonly done: (count: number) => void
}

export class Replicas {
  readonly #master: RedisModel
  readonly #all: Replica[] = []
  #waiting: readonly Waiting[] = []

  constructor(master: RedisModel) {
    this.#master = master
  }

  get count(): number {
    return this.#all.length
  }

  add(): Replica {
    const replica = new Replica(this.#master, () => this.#moved())
    this.#all.push(replica)
    return replica
  }

  /** Calls `done` with how many have this position: when `count` have, or after `timeoutMs` (0: never). */
  wait(count: number, position: number, timeoutMs: number, clock: Clock, done: (count: number) => void): void {
    const have = this.#have(position)
    if (have >= count) {
      done(have)
      return
    }
    const waiting = { count, position, done }
    this.#waiting = [...this.#waiting, waiting]
    if (timeoutMs > 0) clock.after(timeoutMs, () => this.#end(waiting))
  }

  #moved(): void {
    for (const waiting of this.#waiting) if (this.#have(waiting.position) >= waiting.count) this.#end(waiting)
  }

  #end(waiting: Waiting): void {
    if (!this.#waiting.includes(waiting)) return
    this.#waiting = this.#waiting.filter((each) => each !== waiting)
    waiting.done(this.#have(waiting.position))
  }

  #have(position: number): number {
    return this.#all.filter((each) => each.position >= position).length
  }
}
