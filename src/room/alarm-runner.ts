/**
 * Calls a room's `alarm` handler for its due alarms: one at a time, in the order of `at`. An alarm is deleted in the
 * last step of its handler, so it is over exactly if what that step did is kept; otherwise it is tried again.
 * `alarms.ts` has the table; `alarm-openings.ts` opens closed rooms for theirs.
 */
import type { Clock } from '../clock.ts'
import type { Tally } from '../tally.ts'
import { errorOf } from '../thrown.ts'
import { type AlarmBook, type AlarmDue, type AlarmFailure, retryMs, waitMs } from './alarm-book.ts'
import { Call } from './call.ts'
import { type HandlerCalls, WAIT_MS } from './handler-calls.ts'
import type { Step, StepChanges } from './step.ts'
import type { Steps } from './steps.ts'

export interface AlarmRunnerParts {
  readonly path: string
  readonly clock: Clock
  readonly calls: HandlerCalls
  readonly steps: Steps
  readonly book: AlarmBook
  readonly tally: Tally
  /** When each alarm is due, without the one that runs. */
  readonly due: Map<string, number>
}

/** An alarm whose handler was called. */
interface Running {
  readonly name: string
  readonly at: number
  readonly before: AlarmFailure | undefined
  /** It was set anew or deleted meanwhile: its end changes nothing. */
  isReplaced: boolean
  /** A step of its handler was not kept. */
  isUndone: boolean
  /** The same of a step whose code had not thrown: the log is away. */
  isUnkept: boolean
  hasEnded: boolean
}

interface Next {
  readonly name: string
  readonly due: AlarmDue
  readonly ms: number
}

type Handler = (name: string, at: number) => unknown

/** For the operator and the log. */
const NOT_KEPT = 'what its handler did was not kept'

export class AlarmRunner {
  readonly #parts: AlarmRunnerParts
  /** `undefined`: the room is not open yet. `false`: it has none. */
  handler: Handler | false | undefined
  running: Running | undefined
  #call: Promise<void> | undefined
  #isStarted = false
  #isStopped = false
  /** The room has lost its log: what becomes of its alarms is for the next opening to see. */
  #isLost = false
  /** It looks for a due alarm in the next turn. */
  #isDueSoon = false
  #cancel = () => {}
  #onIdle: (() => void)[] = []

  constructor(parts: AlarmRunnerParts) {
    this.#parts = parts
  }

  start(): void {
    this.#isStarted = true
    this.arm()
  }

  stop(): Promise<void> | undefined {
    this.#isStopped = true
    this.#cancel()
    this.#idle()
    return this.#call
  }

  lose(): void {
    this.#isLost = true
    void this.stop()
  }

  /** Resolves when none is due and none runs. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** The one to run next: of those that are due the earliest, else the one that is due first. */
  next(): Next | undefined {
    const { book, clock, path, due: all } = this.#parts
    let next: Next | undefined
    for (const [name, at] of [...all].sort(byTime)) {
      const due = { at, notBefore: book.failure(path, name)?.notBefore ?? 0 }
      const ms = waitMs(due, clock)
      if (!next || ms < next.ms) next = { name, due, ms }
    }
    return next
  }

  /** The alarm of this name is set anew or deleted. Returns what undoes that. */
  replace(name: string): () => void {
    const { running } = this
    if (running?.name !== name || running.isReplaced) return () => {}
    running.isReplaced = true
    return () => {
      running.isReplaced = false
      if (running.hasEnded) this.#fail(running, NOT_KEPT)
    }
  }

  /** Waits for the next alarm. Not longer than `recheckMs`, since the time of day may jump. */
  arm(): void {
    if (!this.#isStarted || this.#isStopped || !this.handler) return
    this.#cancel()
    if (!this.#isBusy) this.#idle()
    const next = this.next()
    if (this.running || !next) return
    const { book, clock } = this.#parts
    if (next.ms > 0) this.#cancel = clock.after(Math.min(next.ms, book.recheckMs), () => this.arm())
    else if (!this.#isDueSoon) {
      // Each in a turn of its own: messages come between.
      this.#isDueSoon = true
      clock.soon(() => this.#runNext())
    }
  }

  get #isBusy(): boolean {
    if (this.#isStopped || !this.handler) return false
    return this.running !== undefined || this.next()?.ms === 0
  }

  #idle(): void {
    for (const done of this.#onIdle.splice(0)) done()
  }

  #runNext(): void {
    this.#isDueSoon = false
    if (this.#isStopped || this.running || !this.handler) return
    const { clock, calls } = this.#parts
    if (!calls.mayRun) {
      this.#cancel = clock.after(WAIT_MS, () => this.arm())
      return
    }
    const next = this.next()
    if (next?.ms === 0) this.#run(next.name, next.due.at, this.handler)
    else this.arm()
  }

  #run(name: string, at: number, handler: Handler): void {
    const { book, calls, clock, path, due } = this.#parts
    const before = book.failure(path, name)
    const running: Running = { name, at, before, isReplaced: false, isUndone: false, isUnkept: false, hasEnded: false }
    if (!before) book.late(Math.max(0, clock.now() - at))
    due.delete(name)
    this.running = running
    const stepFailed = ({ isReady }: Step) => {
      running.isUndone = true
      running.isUnkept ||= isReady
    }
    const call = new Call({ sealing() {}, stepKept() {}, stepFailed })
    call.onSuccess = () => this.#succeed(running, call)
    try {
      const pending = calls.start(call, handler, name, at)
      if (pending) {
        const rejected = (error: unknown) =>
          call.isGivenUp ? calls.failedLate('alarm', error) : this.#failed(running, error)
        const ended = pending.then(() => calls.end(call), rejected)
        const late = () => this.#fail(running, 'its handler did not end in time')
        this.#call = calls.waitForCall(call, 'alarm', ended, undefined, late).then(() => this.#goOn())
        return
      }
      this.#succeed(running, call)
      calls.end(call)
    } catch (error) {
      this.#failed(running, error)
    }
    this.#goOn()
  }

  #goOn(): void {
    this.running = undefined
    this.#call = undefined
    this.arm()
  }

  /** The handler has ended well: its last step deletes the alarm, unless it was set anew. */
  #succeed(running: Running, call: Call): void {
    if (running.hasEnded || this.#isLost) return
    if (running.isUndone) {
      this.#fail(running, NOT_KEPT)
      return
    }
    running.hasEnded = true
    if (running.isReplaced) return
    const { steps, book, path } = this.#parts
    const last = call.unsealed
    const step = last ?? steps.open()
    put(
      step.change(() => this.#fail(running, NOT_KEPT)),
      running.name,
      undefined,
    )
    book.setFailure(path, running.name, undefined)
    if (!last) steps.seal(step)
  }

  #failed(running: Running, error: unknown): void {
    this.#parts.calls.failed('alarm', error)
    this.#fail(running, errorOf(error).message)
  }

  /** It is tried again later: sooner where it is not the handler that failed. */
  #fail(running: Running, lastError: string): void {
    running.hasEnded = true
    if (running.isReplaced || this.#isLost) return
    const { book, clock, path, tally, due } = this.#parts
    const before = running.before?.failures ?? 0
    const isUnkept = running.isUnkept || lastError === NOT_KEPT
    const failures = isUnkept ? before : before + 1
    const inMs = retryMs(isUnkept ? 1 : failures)
    tally.alarmsFailed += 1
    book.setFailure(path, running.name, { failures, lastError, notBefore: clock.monotonic() + inMs })
    due.set(running.name, running.at)
    this.arm()
  }
}

/** Notes in the changes of a step when an alarm is due; `undefined`: it is deleted. */
export function put(changes: StepChanges, name: string, at: number | undefined): void {
  changes.alarms ??= new Map()
  changes.alarms.set(name, at)
}

/** The earliest first; at one time by name. */
export function byTime([nameA, a]: readonly [string, number], [nameB, b]: readonly [string, number]): number {
  return a - b || (nameA < nameB ? -1 : 1)
}
