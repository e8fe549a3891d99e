/**
 * A bound on what waits for slow peers in the whole server: above it, those for whom most waits are cut first, and may
 * come back and resume. Each peer's own bound is kept at every write (`subscriber.ts`), which tells here for whom something
 * waits. What waits is added up as it is written, so the bound holds within a turn of the loop; a look once a second, while
 * anything waits, forgets who has taken all, and lets go of connections that are closed and still hold what they do not
 * take.
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed } from '../guarded.ts'

/** Something that waits for the network: of a peer, or an answer over HTTP. */
export interface Backlog {
  /** Bytes that are not taken yet. */
  readonly waiting: number
  /** Nothing more is written to it. */
  readonly isGone: boolean
  /** Ends it: too much waits in all. */
  relieve(): void
  /** Lets go of it at once, with all that waits. */
  drop(): void
}

const LOOK_MS = 1000

export class Pressure {
  readonly #clock: Clock
  readonly #limitBytes: () => number
  readonly #failed: Failed
  /** What waited for whom when it was last seen. */
  readonly #waiting = new Map<Backlog, number>()
  /** Of those who are not gone. */
  #total = 0
  #isDue = false
  #isLooking = false
  /** Who was gone at the last look, and still held something. */
  #closing = new Set<Backlog>()

  /** `limitBytes` is asked each time, since a reload may change it. */
  constructor(clock: Clock, limitBytes: () => number, failed: Failed) {
    this.#clock = clock
    this.#limitBytes = limitBytes
    this.#failed = failed
  }

  /** Something waits here. Called after each write that was not taken at once. */
  noteBacklog(backlog: Backlog): void {
    const { waiting } = backlog
    this.#total += waiting - (this.#waiting.get(backlog) ?? 0)
    this.#waiting.set(backlog, waiting)
    this.#lookLater()
    if (this.#isDue || this.#total <= this.#limitBytes()) return
    this.#isDue = true
    // Not now: who writes may be in the midst of a row.
    this.#clock.soon(this.#relieve)
  }

  #lookLater(): void {
    if (this.#isLooking || this.#waiting.size === 0) return
    this.#isLooking = true
    this.#clock.after(LOOK_MS, this.#look)
  }

  #look = (): void => {
    this.#isLooking = false
    const closing = this.#closing
    const total = this.#count()
    this.#closing = new Set([...this.#waiting.keys()].filter(({ isGone }) => isGone))
    let held = 0
    for (const backlog of this.#closing) held += backlog.waiting
    if (total + held > this.#limitBytes()) {
      const late = [...this.#closing].filter((backlog) => closing.has(backlog))
      eachGuarded(late, (backlog) => backlog.drop(), this.#failed)
    }
    this.#relieve()
    this.#lookLater()
  }

  #relieve = (): void => {
    this.#isDue = false
    let total = this.#count()
    if (total <= this.#limitBytes()) return
    const live = [...this.#waiting].filter(([{ isGone }]) => !isGone).sort(([, a], [, b]) => b - a)
    const relieve = ([backlog, waiting]: [Backlog, number]) => {
      total -= waiting
      backlog.relieve()
      return total > this.#limitBytes()
    }
    eachGuarded(live, relieve, this.#failed)
    this.#total = total
  }

  /** Looks at everyone again. Returns what waits for those who are not gone. */
  #count(): number {
    this.#total = 0
    for (const backlog of this.#waiting.keys()) {
      const { waiting, isGone } = backlog
      if (waiting === 0) this.#waiting.delete(backlog)
      else {
        this.#waiting.set(backlog, waiting)
        if (!isGone) this.#total += waiting
      }
    }
    return this.#total
  }
}
