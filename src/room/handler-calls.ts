/**
 * Calls a room author's code: handlers and timers. Errors are caught and logged in one place, and a call that never
 * ends blocks nothing. `room.ts` owns it; a message's handler is called in `exchanges.ts` and `batches.ts`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, mustBeDuration } from '../clock.ts'
import { type RoomError, roomErrorOf } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { show } from '../mistakes.ts'
import { pendingOf, within } from '../within.ts'
import { Call, givenUp } from './call.ts'
import type { Step } from './step.ts'
import type { Steps } from './steps.ts'

/** How long a room that closes waits for handlers that still run, and for its `close`. */
export const HANDLERS_END_MS = 2000
/** How long a handler or a timer may take before it is given up and the next of its queue goes on. */
const HANDLER_MS = 30_000
/** When a timer that may not run now is tried again. */
export const WAIT_MS = 1000

export class HandlerCalls {
  readonly #clock: Clock
  readonly #logger: ErrorLogger
  readonly #calls = new AsyncLocalStorage<Call>()
  readonly #steps: Steps
  readonly #mayAct: () => boolean
  #timers: Set<() => void> | undefined
  #hasEnded = false

  constructor(clock: Clock, log: ErrorLogger, steps: Steps, mayAct: () => boolean = () => true) {
    this.#mayAct = mayAct
    this.#clock = clock
    this.#logger = log
    this.#steps = steps
  }

  /** Whether the author's code may run. */
  get mayRun(): boolean {
    return this.#mayAct()
  }

  /**
   * The call whose code runs now, also after an `await` in it; `undefined`: none, or it has ended. Throws a `RoomError`
   * `unavailable` if it was given up.
   */
  get current(): Call | undefined {
    const call = this.#calls.getStore()
    if (!call) return undefined
    if (this.#hasEnded && !call.hasEnded) call.giveUp()
    if (call.isGivenUp) throw givenUp()
    return call.hasEnded ? undefined : call
  }

  /**
   * Runs the author's code as a call, up to its first `await`. Returns a promise that settles when it has ended, or
   * `undefined` if it has: then `end` MUST follow. If the code throws, its step is undone and the error thrown on.
   */
  start<A extends unknown[]>(call: Call, fn: (...args: A) => unknown, ...args: A): Promise<unknown> | undefined {
    call.isStarting = true
    let pending: Promise<unknown> | undefined
    try {
      pending = call.pending(this.#calls.run(call, fn, ...args))
    } catch (error) {
      this.#thrown(call)
      throw error
    } finally {
      call.isStarting = false
    }
    // The step of a batch is ended by the batch.
    if (!pending || call.isShared) return pending
    const succeeded = (value: unknown) => {
      call.onSuccess?.()
      return value
    }
    const settled = pending.then(succeeded, (error) => {
      this.#thrown(call)
      throw error
    })
    if (call.unsealed) this.#steps.sealSoon(call.unsealed)
    return settled
  }

  /**
   * Runs `fn` as a call until all that it did is kept, and passes its result to `take`. Rejects with what they throw, or
   * if something is not kept.
   */
  async whole(fn: () => unknown, take: (result: unknown) => void): Promise<void> {
    let failure: RoomError | undefined
    const stepFailed = (_: Step, error: RoomError) => {
      failure ??= error
    }
    const call = new Call({ sealing: nothing, stepKept: nothing, stepFailed })
    // Its promise is returned as it is, so that its rejection is seen before its step is sealed.
    const pending = this.start(call, () => {
      const result = fn()
      if (!pendingOf(result)) take(result)
      return result
    })
    if (pending) take(await pending)
    this.end(call)
    await this.#steps.settled()
    if (failure) throw failure
  }

  /** The code of a call has ended well. */
  end(call: Call): void {
    call.hasEnded = true
    if (call.unsealed) this.#steps.seal(call.unsealed)
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
      const pending = this.start(call, fn)
      if (pending) {
        const rejected = (error: unknown) => (call.isGivenUp ? this.failedLate(what, error, peer) : failed(error))
        const ended = pending.then(() => this.end(call), rejected)
        return this.waitForCall(call, what, ended, peer, nothing, ms)
      }
      this.end(call)
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
      if (isRunning || !this.mayRun) return
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
    const run = () => {
      if (!this.mayRun) {
        cancel = this.#clock.after(WAIT_MS, run)
        return
      }
      end()
      void this.call('after', fn, (error) => this.failed('after', error))
    }
    let cancel = this.#clock.after(ms, run)
    const end = this.#keep(() => cancel())
    return end
  }

  #thrown(call: Call): void {
    call.hasEnded = true
    if (call.unsealed && !call.isShared) this.#steps.discard(call.unsealed)
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

  /** Ends all timers, and gives up all calls. Later timers end at once. */
  endAll(): void {
    this.#hasEnded = true
    this.endTimers()
  }

  endTimers(): void {
    for (const end of [...(this.#timers ?? [])]) end()
  }
}

function nothing(): void {}

function mustBeFunction(what: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`${what}: expected a function, got ${show(fn)}`)
}
