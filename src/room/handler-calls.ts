/**
 * Calls a room author's code: handlers and timers. Errors are caught and logged in one place, and a call that never
 * ends blocks nothing. `room.ts` owns it; a message's handler is called in `exchanges.ts` and `batches.ts`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, mustBeDuration } from '../clock.ts'
import { roomErrorOf } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { show } from '../mistakes.ts'
import { pendingOf, within } from '../within.ts'
import { Call, givenUp } from './call.ts'

/** How long a room that closes waits for handlers that still run, and for its `close`. */
export const HANDLERS_END_MS = 2000
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

  /** The call whose code runs now, also after an `await` in it. */
  get current(): Call | undefined {
    return this.#calls.getStore()
  }

  /** Throws if the call whose code runs now was given up, since it must have no more effects. */
  mustNotBeGivenUp(): void {
    if (this.current?.isGivenUp) throw givenUp()
  }

  /** Runs the author's code as a call, and throws what it throws. */
  run<A extends unknown[]>(call: Call, fn: (...args: A) => unknown, ...args: A): unknown {
    return this.#calls.run(call, fn, ...args)
  }

  /**
   * Calls `fn` and passes its error, if any, to `failed`. Returns `undefined` if it has ended, else a promise that
   * resolves when it has ended or was given up. `what`: the name of the handler. `peer`: the id of the peer it is
   * called for.
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

  /** Waits `ms` for a call to end. Otherwise gives it up, logs that, and calls `late`. */
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

  /** Logs the error of a handler. `peer`: the id of the peer it was called for. */
  failed(what: string, error: unknown, peer?: string): void {
    this.#logger.error({ err: error, peer }, `the room's ${what} handler failed`)
  }

  /** Logs the error of a call that was given up, but not a `RoomError`: there is nobody left to answer. */
  failedLate(what: string, error: unknown, peer?: string): void {
    if (!roomErrorOf(error)) this.failed(what, error, peer)
  }

  /**
   * Calls `fn` every `ms` until the room ends or the returned function is called, but not while an async `fn` still
   * runs. Throws a `RangeError` if `ms` is no valid duration, a `TypeError` if `fn` is no function.
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

  /** Calls `fn` once after `ms`. Otherwise like `every`. */
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

  /** Waits for running handlers, at most `ms`. */
  async waitFor(running: readonly (undefined | Promise<void>)[], ms = HANDLERS_END_MS): Promise<void> {
    const pending = running.filter((handler) => handler !== undefined)
    if (pending.length > 0) await within(this.#clock, ms, Promise.all(pending).then(nothing), nothing)
  }

  /** Ends all timers. Later ones end at once. */
  end(): void {
    this.#hasEnded = true
    for (const end of [...(this.#timers ?? [])]) end()
  }
}

function nothing(): void {}

function mustBeFunction(what: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`${what}: expected a function, got ${show(fn)}`)
}
