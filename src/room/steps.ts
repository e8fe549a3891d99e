/**
 * The steps of a room, in the order in which they began. Each goes to the log once its code has ended without a throw,
 * after all before it. A step that throws, or that the log cannot keep, is undone, and so is everything after it that
 * may stand on it. `handler-calls.ts` runs the room's code; its effects go to `current`.
 */
import { RoomError } from '../errors.ts'
import type { RoomLog } from '../log/log.ts'
import { microtask } from '../microtask.ts'
import type { Call } from './call.ts'
import { type Said, Step, type StepOwner, type StepRoom } from './step.ts'

export interface StepsParts extends Pick<StepRoom, 'deliver' | 'position' | 'internalError' | 'restore'> {
  readonly roomLog: () => RoomLog
  /** The call whose code runs now; `undefined`: code that no handler waits for. Throws if it was given up. */
  readonly call: () => Call | undefined
}

const NO_FRAMES = Object.freeze<never[]>([])

export class Steps implements StepRoom {
  readonly #parts: StepsParts
  /** Not given to the log yet, the oldest first. */
  #queue: Step[] = []
  /** Given to the log and not kept yet, the oldest first. */
  #pending: Step[] = []
  #hasEnded = false

  constructor(parts: StepsParts) {
    this.#parts = parts
  }

  /** Whether nothing waits: what is said leaves at once. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#pending.length === 0
  }

  /** Whether a step waits for its end: it may still be undone by a throw. */
  get hasUnsealed(): boolean {
    return this.#queue.length > 0
  }

  /** The step of the code that runs now. Throws a `RoomError` `unavailable` if its call was given up. */
  get current(): Step {
    const call = this.#parts.call()
    if (!call) return this.#loose()
    const { step } = call
    // Unless another step has begun since: what is said now comes after it.
    if (step?.isOpen && (call.isShared || call.isStarting || this.#queue.at(-1) === step)) return step
    const next = this.open(call.owner)
    call.step = next
    if (!call.isStarting) this.#closeSoon(next)
    return next
  }

  /** Throws a `RoomError` `unavailable` if the code that runs now was given up. */
  mustNotBeGivenUp(): void {
    this.#parts.call()
  }

  /** Resolves when everything so far is kept; rejects with a `RoomError` if that fails. */
  async settled(): Promise<void> {
    if (this.isIdle) return
    await new Promise<void>((resolve, reject) => {
      this.run((step) => step.say({ size: 0, send: resolve, cancelled: reject }))
    })
  }

  /** Says something in the step of the code that runs now. Throws a `RoomError` `unavailable` if too much waits. */
  say(said: Said): void {
    const { current } = this
    if (this.#pending.length > 0 && this.#parts.roomLog().isBehind) {
      throw new RoomError('unavailable', 'the log is behind, send it again later')
    }
    current.say(said)
  }

  open(owner?: StepOwner): Step {
    const step = new Step(this)
    step.owner = owner
    this.#queue.push(step)
    return step
  }

  /** A step of the server itself, sealed at once. */
  run(work: (step: Step) => void): void {
    const step = this.open()
    work(step)
    this.seal(step)
  }

  /** Its code has ended well. It goes to the log after those before it. */
  seal(step: Step): void {
    if (step.isReady || step.isOver) return
    if (step.hasEffects && this.#hasEnded) {
      this.discard(step, new RoomError('unavailable', 'this room has closed'))
      return
    }
    if (step.hasEffects) step.owner?.sealing(step)
    step.isOpen = false
    step.isReady = true
    this.#appendReady()
  }

  /**
   * The code of an async handler has reached its first `await`. If that was its end, its promise is settled by now, and
   * a reaction to it that was registered before runs first.
   */
  sealSoon(step: Step): void {
    step.isOpen = false
    microtask(() => this.seal(step))
  }

  /** Its code has thrown: it did nothing. */
  discard(step: Step, reason = new RoomError('unavailable', 'this was undone, since its handler failed')): void {
    const at = this.#queue.indexOf(step)
    if (at < 0) return
    const later = this.#queue.splice(at).slice(1)
    // What they read may never have been.
    const lost = step.changes ? later.filter(({ usesState }) => usesState) : []
    this.#undo([step, ...lost])
    step.cancel(reason)
    for (const each of lost) each.cancel(dependent())
    for (const each of later) if (!each.isOver) this.#queue.push(each)
    this.#appendReady()
  }

  /** The log is lost: nothing is kept of what waits for it, or still comes. */
  lose(error: RoomError): void {
    this.#hasEnded = true
    this.#fail(this.#pending.splice(0), error)
  }

  /** The room is over: nothing that its code still does is kept. */
  end(): void {
    this.#hasEnded = true
  }

  /** Called by a step that is kept. */
  kept(step: Step): void {
    if (this.#pending[0] === step) this.#pending.shift()
  }

  /** Called by a step that the log could not keep: nothing after it is kept either. */
  failed(step: Step, error: RoomError): void {
    const at = this.#pending.indexOf(step)
    if (at < 0) return
    this.#fail(this.#pending.splice(at), error)
  }

  /** With all that comes after them. */
  #fail(steps: readonly Step[], error: RoomError): void {
    const lost = [...steps, ...this.#queue.splice(0)]
    this.#undo(lost)
    for (const each of lost) each.cancel(error)
  }

  deliver: StepRoom['deliver'] = (frame) => this.#parts.deliver(frame)
  position: StepRoom['position'] = (frame) => this.#parts.position(frame)
  restore: StepRoom['restore'] = (changes) => this.#parts.restore(changes)
  internalError: StepRoom['internalError'] = (error) => this.#parts.internalError(error)

  #appendReady(): void {
    for (let step = this.#queue[0]; step?.isReady; step = this.#queue[0]) {
      // Mostly it is the only one.
      if (this.#queue.length === 1) this.#queue.pop()
      else this.#queue.shift()
      this.#append(step)
    }
  }

  #append(step: Step): void {
    if (step.isOver) return
    if (!step.hasEffects && this.#pending.length === 0) {
      step.kept(NO_FRAMES)
      return
    }
    this.#pending.push(step)
    this.#parts.roomLog().append(step)
  }

  /** The newest first. */
  #undo(steps: readonly Step[]): void {
    for (const step of steps.toReversed()) step.undo()
  }

  /** Code after an `await`: its end shows in the next microtask, and its throw in the one after that. */
  #closeSoon(step: Step): void {
    microtask(() => this.sealSoon(step))
  }

  /** Code that no handler waits for: a callback of its own, or what goes on after its handler has ended. */
  #loose(): Step {
    const last = this.#queue.at(-1)
    if (last?.isOpen && last.isLoose) return last
    const step = this.open()
    step.isLoose = true
    microtask(() => this.seal(step))
    return step
  }
}

function dependent(): RoomError {
  return new RoomError('unavailable', 'a step before this one was undone, send it again')
}
