/**
 * `room.alarms`: when each alarm of a room is due, written with the steps of its code. What a step changed is undone if
 * the step is not kept. `alarm-runner.ts` calls the room's `alarm` handler.
 */
import type { Alarms } from '../define.ts'
import { RoomError } from '../errors.ts'
import { show } from '../mistakes.ts'
import type { AlarmDue } from './alarm-book.ts'
import { AlarmRunner, type AlarmRunnerParts, byTime, put } from './alarm-runner.ts'

/** How many alarms a room may have, how long their names may be, and the last time of a `Date`. */
const MOST = { alarms: 100, name: 128, at: 8.64e15 }

export interface RoomAlarmsParts extends Omit<AlarmRunnerParts, 'due'> {
  /** The room has closed. */
  readonly isOver: () => boolean
}

export class RoomAlarms implements Alarms {
  readonly #parts: RoomAlarmsParts
  /** Without the one whose handler runs. */
  readonly #due = new Map<string, number>()
  readonly #runner: AlarmRunner
  /** Set before there was a handler. */
  #wasSet = false

  constructor(parts: RoomAlarmsParts) {
    this.#parts = parts
    this.#runner = new AlarmRunner({ ...parts, due: this.#due })
  }

  /** Takes over what was kept. */
  load(kept: ReadonlyMap<string, number>): void {
    for (const [name, at] of kept) this.#due.set(name, at)
  }

  /** These times are kept, though the step that set them had failed. */
  restore(kept: ReadonlyMap<string, number | undefined>): void {
    const { book, path } = this.#parts
    for (const [name, at] of kept) {
      // One that is tried again now is over.
      this.#runner.replace(name)
      this.#put(name, at)
      book.setFailure(path, name, undefined)
    }
    this.#runner.arm()
  }

  /** `open` has returned this handler, or none. Throws a `TypeError` if it has set an alarm all the same. */
  handledBy(handler: AlarmRunner['handler']): void {
    if (!handler && this.#wasSet) throw new TypeError('open: set an alarm, but returned no function "alarm"')
    this.#runner.handler = handler ?? false
  }

  /** The room is open: alarms run from now on. */
  start(): void {
    this.#runner.start()
  }

  /** No further alarm runs. Returns a promise if a handler still runs. */
  stop(): Promise<void> | undefined {
    return this.#runner.stop()
  }

  /** The room has lost its log: its alarms go on in its next opening. */
  lose(): void {
    this.#runner.lose()
  }

  /** Resolves when none is due and none runs. */
  idle(): Promise<void> {
    return this.#runner.idle()
  }

  /** With the one that runs. */
  get count(): number {
    return this.#due.size + (this.#runner.running ? 1 : 0)
  }

  /** When the next one is to run; `undefined`: none, or there is no handler. */
  get next(): AlarmDue | undefined {
    return this.#runner.handler ? this.#runner.next()?.due : undefined
  }

  set(name: string, at: number): void {
    this.#mustBeOpen()
    if (this.#runner.handler === false) throw new TypeError('alarms.set: open returned no function "alarm" to call')
    if (typeof name !== 'string' || name === '' || name.length > MOST.name || !name.isWellFormed())
      throw new TypeError(`alarms.set: expected a name of 1 to ${MOST.name} characters, got ${show(name)}`)
    if (typeof at !== 'number' || !(Math.abs(at) <= MOST.at))
      throw new TypeError(`alarms.set: expected a time in ms since 1970, got ${show(at)}`)
    const isNew = !this.#due.has(name) && this.#runner.running?.name !== name
    if (isNew && this.count >= MOST.alarms)
      throw new RangeError(`alarms.set: expected at most ${MOST.alarms} alarms in a room, "${name}" is one more`)
    this.#wasSet = true
    this.#change(name, Math.ceil(at))
  }

  get(name: string): number | undefined {
    this.#reads()
    return this.#due.get(name)
  }

  delete(name: string): boolean {
    this.#reads()
    const isThere = this.#due.has(name)
    // The handler of one that runs may still throw: it is not tried again.
    if (isThere || this.#runner.running?.name === name) this.#change(name, undefined)
    return isThere
  }

  entries(): readonly (readonly [name: string, at: number])[] {
    this.#reads()
    return [...this.#due].sort(byTime)
  }

  #change(name: string, at: number | undefined): void {
    const { book, path, steps } = this.#parts
    const step = steps.current
    const before = this.#due.get(name)
    const failure = book.failure(path, name)
    const { running } = this.#runner
    const unreplace = this.#runner.replace(name)
    const changes = step.change(() => {
      this.#put(name, before)
      book.setFailure(path, name, failure)
      // One that has begun since runs at a time that was never kept: its end changes nothing.
      if (this.#runner.running !== running) this.#runner.replace(name)
      unreplace()
      this.#runner.arm()
    })
    put(changes, name, at)
    book.setFailure(path, name, undefined)
    this.#put(name, at)
    this.#runner.arm()
  }

  #put(name: string, at: number | undefined): void {
    if (at === undefined) this.#due.delete(name)
    else this.#due.set(name, at)
  }

  /** What is read may be undone, and what this step does then is undone too. */
  #reads(): void {
    this.#mustBeOpen()
    const { steps } = this.#parts
    if (steps.hasUnsealed) steps.current.usesState = true
    else steps.mustNotBeGivenUp()
  }

  #mustBeOpen(): void {
    if (this.#parts.isOver()) throw new RoomError('unavailable', 'this room has closed')
  }
}
