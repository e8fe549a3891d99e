/**
 * The clock of one life of a node, and all that its event loop does: timers, turns, and what arrives. When the node is
 * frozen all of that waits; when it has crashed nothing of it ever runs. Its time of day may be wrong.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, timerMs } from '../../src/clock.ts'
import { START_MS, type Timeline } from './timeline.ts'

/** Turns of the loop, timers, and what arrives from outside. */
type Kind = 'soon' | 'timer' | 'io'

interface Held {
  readonly kind: Kind
  readonly label: string
  readonly run: () => void
}

/** A turn of the loop takes so long. */
const TURN_MS = 0.01

export class NodeClock implements Clock {
  /** How wrong its time of day is. */
  skewMs = 0
  readonly #timeline: Timeline
  readonly #name: string
  readonly #held: Held[] = []
  #isFrozen = false
  #isDead = false
  #frozenAt = 0
  #frozenMs = 0

  constructor(timeline: Timeline, name: string) {
    this.#timeline = timeline
    this.#name = name
  }

  readonly now = (): number => Math.floor(START_MS + this.#timeline.nowMs + this.skewMs)
  readonly monotonic = (): number => this.#timeline.nowMs

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** For how long it has run, without its freezes. */
  get ranMs(): number {
    const now = this.#timeline.nowMs
    return now - this.#frozenMs - (this.#isFrozen ? now - this.#frozenAt : 0)
  }

  readonly after = (ms: number, fn: () => void): (() => void) => this.#schedule('timer', timerMs(ms), fn)

  readonly every = (ms: number, fn: () => void): (() => void) => {
    let cancel = () => {}
    const again = () => {
      cancel = this.after(Math.max(1, timerMs(ms)), () => {
        again()
        fn()
      })
    }
    again()
    return () => cancel()
  }

  readonly soon = (fn: () => void): void => void this.#schedule('soon', TURN_MS, fn)

  /** Something has arrived: it is handled in a turn of the loop. */
  arrives(fn: () => void, label = 'io'): void {
    this.#schedule('io', TURN_MS, fn, label)
  }

  freeze(): void {
    if (this.#isFrozen) return
    this.#isFrozen = true
    this.#frozenAt = this.#timeline.nowMs
  }

  /** What waits runs, each in its step; `first`: timers before what has arrived, or after it. */
  thaw(first: 'timer' | 'io'): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    this.#frozenMs += this.#timeline.nowMs - this.#frozenAt
    const held = this.#held.splice(0)
    const earlier = held.filter(({ kind }) => kind === first || kind === 'soon')
    const later = held.filter(({ kind }) => kind !== first && kind !== 'soon')
    for (const { kind, label, run } of [...earlier, ...later])
      this.#timeline.after(0, label, () => this.#run({ kind, label, run }))
  }

  /** `kill -9`. */
  die(): void {
    this.#isDead = true
    this.#held.length = 0
  }

  #schedule(kind: Kind, ms: number, fn: () => void, label: string = kind): () => void {
    // As the loop of a real process does: code that is called later sees the context in which it was scheduled.
    const inContext = AsyncLocalStorage.snapshot()
    let isCancelled = false
    const run = () => {
      if (!isCancelled) inContext(fn)
    }
    const name = `${this.#name} ${label}`
    const cancel = this.#timeline.after(ms, name, () => this.#run({ kind, label: name, run }))
    return () => {
      isCancelled = true
      cancel()
    }
  }

  #run(task: Held): void {
    if (this.#isDead) return
    if (this.#isFrozen) this.#held.push(task)
    else task.run()
  }
}
