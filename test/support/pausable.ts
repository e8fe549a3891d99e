/**
 * One process of several on a clock that a test advances: while it is paused (`SIGSTOP`, a machine that swaps) its timers
 * and what arrives for it wait, and time goes on. What waits runs when it goes on, timers or arrivals first.
 */
import type { Clock } from '../../src/clock.ts'
import type { RedisCalls, Subscription } from '../../src/log/redis/redis-calls.ts'

interface Held {
  readonly kind: 'timer' | 'io'
  readonly run: () => void
}

export class Pausable {
  readonly clock: Clock
  readonly #clock: Clock
  #isPaused = false
  #isDead = false
  #held: Held[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, fn) => this.#timer(fn, (run) => clock.after(ms, run)),
      every: (ms, fn) => this.#timer(fn, (run) => clock.every(ms, run)),
      soon: (fn) => clock.soon(() => this.#run({ kind: 'timer', run: fn })),
    }
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
  }

  /** What waits runs, each in its own turn. */
  goOn(first: Held['kind'] = 'timer'): void {
    this.#isPaused = false
    const held = this.#held.splice(0)
    const earlier = held.filter(({ kind }) => kind === first)
    const later = held.filter(({ kind }) => kind !== first)
    for (const task of [...earlier, ...later]) this.#clock.soon(() => this.#run(task))
  }

  /** `kill -9`. */
  die(): void {
    this.#isDead = true
    this.#held = []
  }

  /** These calls, whose answers arrive only while it runs. */
  calls(calls: RedisCalls): RedisCalls {
    const arrives = <T>(promise: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        promise.then(
          (value) => this.#run({ kind: 'io', run: () => resolve(value) }),
          (error) => this.#run({ kind: 'io', run: () => reject(error) }),
        )
      })
    return {
      run: (...call) => arrives(calls.run(...call)),
      command: (...call) => arrives(calls.command(...call)),
      subscribe: (channels, heard): Subscription => {
        const later = (channel: string, text: string) => this.#run({ kind: 'io', run: () => heard(channel, text) })
        if (!calls.subscribe) throw new Error('expected calls that can subscribe')
        return calls.subscribe(channels, later)
      },
    }
  }

  /** However often it was due during a pause, it runs once after it. */
  #timer(fn: () => void, begin: (run: () => void) => () => void): () => void {
    let isHeld = false
    let isCancelled = false
    const run = () => {
      isHeld = false
      if (!isCancelled) fn()
    }
    const cancel = begin(() => {
      if (isHeld) return
      isHeld = this.#isPaused
      this.#run({ kind: 'timer', run })
    })
    return () => {
      isCancelled = true
      cancel()
    }
  }

  /** Something comes from outside. */
  arrives(fn: () => void): void {
    this.#run({ kind: 'io', run: fn })
  }

  #run(task: Held): void {
    if (this.#isDead) return
    if (this.#isPaused) this.#held.push(task)
    else task.run()
  }
}
