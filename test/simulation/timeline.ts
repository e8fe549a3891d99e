/**
 * The time of a simulation and what is to happen in it, in one order: by time, and at one time as it was scheduled.
 * `step` runs the earliest. Nothing else runs anything, so that a seed decides all. `node-clock.ts` is a node's part of it.
 */
import { createHash } from 'node:crypto'
// What a promise calls runs before the next turn of the loop.
import { setImmediate as nextTurn } from 'node:timers'

export interface Task {
  readonly at: number
  readonly order: number
  readonly label: string
  run: (() => void) | undefined
}

/** What times begin with, ms since 1970. */
export const START_MS = Date.UTC(2026, 0, 1)

export class Timeline {
  /** Ms since the simulation began. */
  nowMs = 0
  /** How many tasks have run. */
  steps = 0
  /** Called with each note. */
  heard: (ms: number, text: string) => void = () => {}
  readonly #heap: Task[] = []
  readonly #trace = createHash('sha256')
  #order = 0

  /** Runs `run` after `ms`. The returned function cancels. */
  after(ms: number, label: string, run: () => void): () => void {
    return this.at(this.nowMs + Math.max(0, ms), label, run)
  }

  /** Runs `run` at this time, or now if that has passed. What is due at one time keeps its order, which sums of times would not. */
  at(ms: number, label: string, run: () => void): () => void {
    const task: Task = { at: Math.max(this.nowMs, ms), order: this.#order, label, run }
    this.#order += 1
    this.#push(task)
    return () => {
      task.run = undefined
    }
  }

  /** Goes into the trace, by which two runs are compared. */
  note(text: string): void {
    this.heard(this.nowMs, text)
    this.#trace.update(`${this.nowMs} ${text}\n`)
  }

  /** Of all that was noted. */
  hash(): string {
    return this.#trace.copy().digest('hex').slice(0, 32)
  }

  /** The time of the next task. */
  get nextMs(): number {
    while (this.#heap[0] && !this.#heap[0].run) this.#pop()
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Runs steps, `between` after each with its microtasks, until that says so. Rejects with what a step throws. */
  run(between: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        try {
          if (this.steps > 0 && between()) return resolve()
          this.step()
          nextTurn(turn)
        } catch (error) {
          reject(error)
        }
      }
      turn()
    })
  }

  /** Runs the earliest task. */
  step(): void {
    const next = this.#next()
    if (!next?.run) throw new Error('expected something to happen in the simulation, nothing is scheduled')
    this.nowMs = next.at
    this.steps += 1
    this.note(next.label)
    next.run()
  }

  #next(): Task | undefined {
    for (let next = this.#pop(); next; next = this.#pop()) if (next.run) return next
    return undefined
  }

  #push(task: Task): void {
    const heap = this.#heap
    let at = heap.push(task) - 1
    for (let up = (at - 1) >> 1; at > 0; up = (at - 1) >> 1) {
      const above = heap[up]
      if (!above || isBefore(above, task)) break
      heap[at] = above
      at = up
    }
    heap[at] = task
  }

  #pop(): Task | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (!first || !last || first === last) return first
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      const [left, right] = [heap[down], heap[down + 1]]
      if (!left) break
      if (right && isBefore(right, left)) down += 1
      const below = heap[down]
      if (!below || isBefore(last, below)) break
      heap[at] = below
      at = down
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
