/**
 * Calls into a room author's code: handlers and timers. Whatever they throw hurts nobody and is told in one place, and
 * one that never ends holds nothing up. `room.ts` owns it; a message's handler is called in `exchanges.ts` and `batches.ts`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, mustBeDuration } from '../clock.ts'
import { roomErrorOf } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { show } from '../mistakes.ts'
import { pendingOf, within } from '../within.ts'
import { Call, givenUp } from './call.ts'

/** How long a room that closes waits for handlers that still run, and for its `close`. */
export const CLOSE_MS = 2000
/** How long a handler or a timer may take before it is given up and the next of its queue goes on. */
const HANDLER_MS = 30_000

export class HandlerCalls {
  readonly #clock: Clock
  readonly #logger: ErrorLogger
  readonly #calls = new AsyncLocalStorage<Call>()
  #timers: Set<() => void> | undefined
  #hasEnded = false

  constructor(clock: Clock, log: ErrorLogger) {
    this.#clock = clock
    this.#logger = log
  }

  /** The call whose code runs now, also after an await of its. */
  get current(): Call | undefined {
    return this.#calls.getStore()
  }

  /** Throws where the code that runs now was given up: what it still says must not count. */
  mustNotBeGivenUp(): void {
    if (this.current?.isGivenUp) throw givenUp()
  }

  /** Runs the author's code as a call. Throws what it throws. */
  run<A extends unknown[]>(call: Call, fn: (...args: A) => unknown, ...args: A): unknown {
    return this.#calls.run(call, fn, ...args)
  }

  /**
   * Calls `fn`; what it throws, or rejects with, goes to `failed`. `undefined`: it has ended. The promise resolves when it
   * has ended or was given up. `what`: its name; `peer`: the id of whom it is called for.
   */
  call(
    what: string,
    fn: () => unknown,
    failed: (error: unknown) => void,
    peer?: string,
    ms = HANDLER_MS,
  ): undefined | Promise<void> {
    const call = new Call()
    try {
      const pending = pendingOf(this.run(call, fn))
      const rejected = (error: unknown) => (call.isGivenUp ? this.failedLate(what, error, peer) : failed(error))
      if (pending) return this.waitForCall(call, what, pending.then(nothing, rejected), peer, nothing, ms)
    } catch (error) {
      failed(error)
    }
    return undefined
  }

  /** Waits for a call to end; one that does not is given up, which is logged, and `late` is called. */
  waitForCall(
    call: Call,
    what: string,
    ended: Promise<void>,
    peer?: string,
    late: () => void = nothing,
    ms = HANDLER_MS,
  ): Promise<void> {
    return within(this.#clock, ms, ended, () => {
      call.giveUp()
      const error = new Error(`the room's ${what} handler did not end within ${ms / 1000} s`)
      this.#logger.error({ err: error, handler: what, peer }, 'a handler of the room was given up')
      late()
    })
  }

  /** Logs what a handler threw; `peer`: the id of whom it was called for. */
  failed(what: string, error: unknown, peer?: string): void {
    this.#logger.error({ err: error, peer }, `the room's ${what} handler failed`)
  }

  /** The same of a call that was given up before: what it says on purpose has nobody left to hear it. */
  failedLate(what: string, error: unknown, peer?: string): void {
    if (!roomErrorOf(error)) this.failed(what, error, peer)
  }

  /**
   * Calls `fn` each `ms` until the room ends or the returned function is called; not again while an async `fn` runs.
   * Throws a `RangeError` for what is no span of time, a `TypeError` for what is no function.
   */
  every(ms: number, fn: () => unknown): () => void {
    mustBeDuration('room.every', ms)
    mustBeFunction('room.every', fn)
    let isRunning = false
    const cancel = this.#clock.every(ms, () => {
      if (isRunning) return
      const running = this.call('every', fn, (error) => this.failed('every', error))
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
    mustBeDuration('room.after', ms)
    mustBeFunction('room.after', fn)
    const end = this.#keep(
      this.#clock.after(ms, () => {
        end()
        void this.call('after', fn, (error) => this.failed('after', error))
      }),
    )
    return end
  }

  #keep(cancel: () => void): () => void {
    const end = () => {
      cancel()
      this.#timers?.delete(end)
    }
    this.#timers ??= new Set()
    this.#timers.add(end)
    if (this.#hasEnded) end()
    return end
  }

  /** Waits for handlers that run, but not for one that never ends. */
  async waitFor(running: readonly (undefined | Promise<void>)[], ms = CLOSE_MS): Promise<void> {
    const pending = running.filter((handler) => handler !== undefined)
    if (pending.length > 0) await within(this.#clock, ms, Promise.all(pending).then(nothing), nothing)
  }

  /** Ends all timers; none begins any more. */
  end(): void {
    this.#hasEnded = true
    for (const end of [...(this.#timers ?? [])]) end()
  }
}

function nothing(): void {}

function mustBeFunction(what: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`${what}: expected a function, got ${show(fn)}`)
}
