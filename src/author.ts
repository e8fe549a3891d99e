/**
 * Calls into a room author's code: handlers and timers. Whatever they throw hurts nobody and is told in one place, and
 * one that never ends holds nothing up. `room.ts` owns it; a message's handler is called in `turns.ts`.
 */
import { type Clock, mustBeSpan } from './clock.ts'
import type { RoomLogger } from './define.ts'

/** How long a room that closes waits for handlers that still run. */
const HANDLERS_MS = 2000

export class Author {
  readonly #clock: Clock
  readonly #log: RoomLogger
  readonly #timers = new Set<() => void>()
  #hasEnded = false

  constructor(clock: Clock, log: RoomLogger) {
    this.#clock = clock
    this.#log = log
  }

  /** Calls `fn`; what it throws, or rejects with, goes to `failed`. `undefined`: it has ended. */
  call(fn: () => unknown, failed: (error: unknown) => void): undefined | Promise<void> {
    try {
      const result = fn()
      if (result instanceof Promise) return result.then(() => {}, failed)
    } catch (error) {
      failed(error)
    }
    return undefined
  }

  /** Logs what a handler threw; `peer`: the id of whom it was called for. */
  failed(what: string, error: unknown, peer?: string): void {
    this.#log.error({ err: error, peer }, `the room's ${what} handler failed`)
  }

  /**
   * Calls `fn` each `ms` until the room ends or the returned function is called; not again while an async `fn` runs.
   * Throws a `RangeError` for what is no span of time.
   */
  every(ms: number, fn: () => unknown): () => void {
    mustBeSpan('room.every', ms)
    let isRunning = false
    const cancel = this.#clock.every(ms, () => {
      if (isRunning) return
      const running = this.call(fn, (error) => this.failed('every', error))
      if (!running) return
      isRunning = true
      void running.then(() => {
        isRunning = false
      })
    })
    return this.#keep(cancel)
  }

  /** Calls `fn` once after `ms`, as `every` does. */
  after(ms: number, fn: () => unknown): () => void {
    mustBeSpan('room.after', ms)
    const end = this.#keep(
      this.#clock.after(ms, () => {
        end()
        void this.call(fn, (error) => this.failed('after', error))
      }),
    )
    return end
  }

  #keep(cancel: () => void): () => void {
    const end = () => {
      cancel()
      this.#timers.delete(end)
    }
    this.#timers.add(end)
    if (this.#hasEnded) end()
    return end
  }

  /** Waits for handlers that run, but not for one that never ends. */
  async inTime(running: readonly (undefined | Promise<void>)[], ms = HANDLERS_MS): Promise<void> {
    const pending = running.filter((handler) => handler !== undefined)
    if (pending.length === 0) return
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(ms, resolve)
    })
    await Promise.race([Promise.all(pending), late])
    cancel()
  }

  /** Ends all timers; none begins any more. */
  end(): void {
    this.#hasEnded = true
    for (const end of [...this.#timers]) end()
  }
}
