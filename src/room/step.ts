/**
 * A step: what a room's code does from where the server calls it to its next `await` or its end. All of it is kept in one
 * transaction, and what it says (sends, broadcasts, closes, answers) leaves only then, in the order it was said. A step
 * that throws did nothing. `steps.ts` opens and seals steps; the log calls `kept` or `failed`.
 */
import type { Position } from '../define.ts'
import type { Frame } from '../delivery/frame.ts'
import type { RoomError } from '../errors.ts'
import type { Draft, Entry, IdempotencyKey, Stored } from '../log/log.ts'

/** Something that a step says, which leaves when the step is kept. */
export interface Said {
  /** Bytes that wait. */
  readonly size: number
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
}

/** Whose step it is: a message, or a batch of them. */
export interface StepOwner {
  /** The step goes to the log. */
  sealing(step: Step): void
  /** It is kept; what it says is sent next. */
  stepKept(frames: readonly Frame[]): void
  /** It is not kept. */
  stepFailed(step: Step, error: RoomError): void
}

interface Waiting {
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
  #said: { readonly what: Said; readonly at: number }[] | undefined
  #published: (Waiting & { readonly draft: Draft })[] | undefined
  #undo: (() => void)[] | undefined

  constructor(room: StepRoom) {
    this.#room = room
  }

  /** Whether something of it would be kept. */
  get hasEffects(): boolean {
    return this.#published !== undefined || this.keys.length > 0 || this.changes !== undefined
  }

  get drafts(): readonly Draft[] {
    return this.#published?.map(({ draft }) => draft) ?? NOTHING
  }

  /** How many events it has published. */
  get published(): number {
    return this.#published?.length ?? 0
  }

  /** Resolves when the step is kept. */
  publish(draft: Draft): Promise<Position> {
    this.#published ??= []
    const published = this.#published
    return new Promise((resolve, reject) => published.push({ draft, resolve, reject }))
  }

  say(what: Said): void {
    this.#said ??= []
    this.#said.push({ what, at: this.published })
    this.size += what.size
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
    let next = 0
    for (const { what, at } of this.#said ?? []) {
      while (next < at) this.#deliver(frames[next++])
      this.#guard(() => what.send())
    }
    while (next < frames.length) this.#deliver(frames[next++])
    for (const [index, { resolve }] of this.#published?.entries() ?? []) {
      const frame = frames[index]
      if (frame) resolve(this.#room.position(frame))
    }
  }

  /** Called by the log. */
  failed(error: RoomError): void {
    this.#room.failed(this, error)
  }

  /** It is not kept: what it said is never sent. */
  cancel(error: RoomError): void {
    if (this.isOver) return
    this.isOver = true
    this.isOpen = false
    this.failure = error
    this.owner?.stepFailed(this, error)
    for (const { reject } of this.#published ?? []) reject(error)
    for (const { what } of this.#said ?? []) this.#guard(() => what.cancelled?.(error))
  }

  #deliver(frame: Frame | undefined): void {
    if (frame) this.#guard(() => this.#room.deliver(frame))
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#room.internalError(error)
    }
  }
}
