/**
 * The bound on bytes that wait for slow peers in the whole server. Above it, the peers with the largest backlog are cut
 * first; they may reconnect and resume. `subscriber.ts` keeps the bound of each peer, and notes each backlog here.
 *
 * Backlogs are added up at each write, so the bound holds within a turn of the event loop. While there are any, they
 * are measured again once a second: empty ones are forgotten, and closed connections that still hold bytes are dropped.
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed } from '../guarded.ts'

/** Bytes that wait for the network: of a peer, or of an HTTP response. */
export interface Backlog {
  /** Bytes that the network has not taken yet. */
  readonly waiting: number
  /** It has ended; nothing more is written to it. */
  readonly isGone: boolean
  /** Ends it, because too much waits in the whole server. */
  relieve(): void
  /** Destroys it at once, with all that waits. */
  drop(): void
}

const MEASURE_MS = 1000

export class Pressure {
  readonly #clock: Clock
  readonly #limitBytes: () => number
  readonly #failed: Failed
  /** Each backlog and its bytes when it was last measured. */
  readonly #waiting = new Map<Backlog, number>()
  /** Bytes of all that have not ended. */
  #total = 0
  #isReliefDue = false
  #isMeasureDue = false
  /** Those that had ended at the last measurement and still held bytes. */
  #closing = new Set<Backlog>()

  /** `limitBytes` is called each time, since a reload may change it. */
  constructor(clock: Clock, limitBytes: () => number, failed: Failed) {
    this.#clock = clock
    this.#limitBytes = limitBytes
    this.#failed = failed
  }

  /** Call after each write that the network did not take at once. */
  noteBacklog(backlog: Backlog): void {
    const { waiting } = backlog
    this.#total += waiting - (this.#waiting.get(backlog) ?? 0)
    this.#waiting.set(backlog, waiting)
    this.#measureLater()
    if (this.#isReliefDue || this.#total <= this.#limitBytes()) return
    this.#isReliefDue = true
    // Later: the caller may be in the middle of a shard.
    this.#clock.soon(this.#relieve)
  }

  #measureLater(): void {
    if (this.#isMeasureDue || this.#waiting.size === 0) return
    this.#isMeasureDue = true
    this.#clock.after(MEASURE_MS, this.#measure)
  }

  #measure = (): void => {
    this.#isMeasureDue = false
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
    this.#measureLater()
  }

  #relieve = (): void => {
    this.#isReliefDue = false
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

  /** Measures all backlogs again. Returns the bytes of those that have not ended. */
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
