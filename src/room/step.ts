/**
 * A step: what a room's code does from where the server calls it to its next `await` or its end. All of it is kept in one
 * transaction, and what it says (sends, broadcasts, closes, answers) leaves only then, in the order it was said. A step
 * that throws did nothing. `steps.ts` opens and seals steps; the log calls `kept` or `failed`.
 */
import type { Position } from '../define.ts'
import type { Frame } from '../delivery/frame.ts'
import type { RoomError } from '../errors.ts'
import type { Draft, Entry, IdempotencyKey, Stored } from '../log/log.ts'
import type { Chain } from './room-message.ts'

/** Something that a step says, which leaves when the step is kept. */
export interface Said {
  /** Bytes that wait. */
  readonly size: number
  /** It tells what became of the log: it is sent too if the step is kept after it had failed. */
  readonly isOfLog?: true
  /** MUST NOT call the room's code. */
  send(): void
  /** It will never be sent. */
  cancelled?(error: RoomError): void
}

/** The room of a step. */
export interface StepRoom {
  /** Delivers a kept event to every peer. */
  deliver(frame: Frame): void
  position(frame: Frame): Position
  /** An error of the server's own code, which must not hold up what comes after it. */
  internalError(error: unknown): void
  kept(step: Step): void
  failed(step: Step, error: RoomError): void
  /** Storage and alarms are again what a step has made of them. */
  restore(changes: StepChanges): void
}

/** Whose step it is: a message, or a batch of them. */
export interface StepOwner {
  /** The messages of rooms that wait for it. */
  readonly chain?: Chain | undefined
  /** The step goes to the log. */
  sealing(step: Step): void
  /** It is kept; what it says is sent next. */
  stepKept(frames: readonly Frame[]): void
  /** It is not kept. */
  stepFailed(step: Step, error: RoomError): void
}

/** An event that a step publishes, and what waits for it. */
interface Published {
  readonly draft: Draft
  resolve(position: Position): void
  reject(error: RoomError): void
}

/** The changes of a step. */
export interface StepChanges {
  storage?: Map<string, Stored | undefined>
  alarms?: Map<string, number | undefined>
  redacted?: number[]
  clearsHistory?: boolean
}

const NOTHING = Object.freeze<never[]>([])

export class Step implements Entry {
  keys: readonly IdempotencyKey[] = NOTHING
  changes: StepChanges | undefined
  size = 0
  /** The code of the step still runs, or may. */
  isOpen = true
  /** Of code that no handler waits for. */
  isLoose = false
  /** It did not throw: it may go to the log. */
  isReady = false
  /** It read or changed the storage or the alarms. */
  usesState = false
  /** It is kept, has failed, or was discarded. */
  isOver = false
  /** Why it is not kept. */
  failure: RoomError | undefined
  owner: StepOwner | undefined
  readonly #room: StepRoom
  #drafts: Draft[] | undefined
  /** What it says and publishes, in order. */
  #effects: (Said | Published)[] | undefined
  #undo: (() => void)[] | undefined

  constructor(room: StepRoom) {
    this.#room = room
  }

  /** Whether something of it would be kept. */
  get hasEffects(): boolean {
    return this.#drafts !== undefined || this.keys.length > 0 || this.changes !== undefined
  }

  get drafts(): readonly Draft[] {
    return this.#drafts ?? NOTHING
  }

  /** Resolves when the step is kept. */
  publish(draft: Draft): Promise<Position> {
    this.#drafts ??= []
    this.#drafts.push(draft)
    this.#effects ??= []
    const effects = this.#effects
    return new Promise((resolve, reject) => effects.push({ draft, resolve, reject }))
  }

  say(said: Said): void {
    this.#effects ??= []
    this.#effects.push(said)
    this.size += said.size
  }

  addKeys(keys: readonly IdempotencyKey[]): void {
    if (keys.length > 0) this.keys = this.keys.length === 0 ? keys : [...this.keys, ...keys]
  }

  /** `undo`: restores what was before, if the step is not kept. */
  change(undo: () => void): StepChanges {
    this.usesState = true
    this.onUndo(undo)
    this.changes ??= {}
    return this.changes
  }

  onUndo(undo: () => void): void {
    this.#undo ??= []
    this.#undo.push(undo)
  }

  /** The newest change first. */
  undo(): void {
    for (const undo of this.#undo?.toReversed() ?? []) undo()
    this.#undo = undefined
  }

  /** Called by the log. */
  kept(frames: readonly Frame[]): void {
    if (this.isOver) return
    this.isOver = true
    this.#room.kept(this)
    this.owner?.stepKept(frames)
    const effects = this.#effects
    if (!effects) return
    let next = 0
    for (const effect of effects) {
      try {
        if ('draft' in effect) this.#deliver(effect, frames[next++])
        else effect.send()
      } catch (error) {
        this.#room.internalError(error)
      }
    }
  }

  /** Called by the log. */
  failed(error: RoomError): void {
    this.#room.failed(this, error)
  }

  /** Called by the log: what it has kept is told, and is in memory again. What else the step said stays unsaid. */
  keptLate(frames: readonly Frame[]): void {
    let next = 0
    try {
      if (this.changes) this.#room.restore(this.changes)
      for (const effect of this.#effects ?? NOTHING) {
        if ('draft' in effect) this.#deliver(effect, frames[next++])
        else if (effect.isOfLog) effect.send()
      }
    } catch (error) {
      this.#room.internalError(error)
    }
  }

  /** It is not kept: what it said is never sent. */
  cancel(error: RoomError): void {
    if (this.isOver) return
    this.isOver = true
    this.isOpen = false
    this.failure = error
    this.owner?.stepFailed(this, error)
    for (const effect of this.#effects ?? NOTHING) {
      try {
        if ('draft' in effect) effect.reject(error)
        else effect.cancelled?.(error)
      } catch (failure) {
        this.#room.internalError(failure)
      }
    }
  }

  #deliver({ resolve }: Published, frame: Frame | undefined): void {
    if (!frame) throw new Error('the log kept fewer events than were published')
    resolve(this.#room.position(frame))
    this.#room.deliver(frame)
  }
}
