/**
 * One call of a room author's code, until it ends or is given up. It is the async context of that code, also after an
 * `await`. Code that it starts without awaiting outlives it, and then acts for the room itself. `handler-calls.ts` makes
 * calls; `steps.ts` takes what their code does.
 */
import { RoomError } from '../errors.ts'
import { pendingOf } from '../within.ts'
import type { Step, StepOwner } from './step.ts'

export class Call {
  /** The message that it handles. */
  readonly owner: StepOwner | undefined
  /** Its code runs up to the first `await`. */
  isStarting = false
  hasEnded = false
  /** It did not end in time, or its batch failed: it must have no more effects. */
  isGivenUp = false
  /** The latest step of its code. */
  step: Step | undefined
  /** Its async code has ended well; its last step still takes changes. */
  onSuccess: (() => void) | undefined
  /** The promise that the latest `publish` returned. */
  latest: Promise<unknown> | undefined

  /** Whether its step is shared with other calls: then their owner ends it. */
  readonly isShared: boolean

  constructor(owner?: StepOwner, shared?: Step) {
    this.owner = owner
    this.step = shared
    this.isShared = shared !== undefined
  }

  /**
   * The promise of a handler that still runs. A handler that returns the promise of its last `publish` has ended: the
   * next message of its peer need not wait for the log.
   */
  pending(result: unknown): Promise<unknown> | undefined {
    return result !== undefined && result === this.latest ? undefined : pendingOf(result)
  }

  /** The step of its code that is not on its way to the log yet. */
  get unsealed(): Step | undefined {
    return this.step && !this.step.isReady && !this.step.isOver ? this.step : undefined
  }

  giveUp(): void {
    this.isGivenUp = true
  }
}

/** The error for code that goes on after its call was given up. */
export function givenUp(): RoomError {
  return new RoomError(
    'unavailable',
    'this handler was given up: it did not end in time, its batch failed, or its room has closed',
  )
}
