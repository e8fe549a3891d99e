/**
 * What a room keeps beside its events: its storage and its alarms. They are loaded before the author's `open`, run while
 * the room is open, and throw once it has closed. `room.ts` owns it.
 */
import type { CommonHandlers, Schemas } from '../define.ts'
import type { RoomState as Kept } from '../log/log.ts'
import type { Tally } from '../tally.ts'
import { RoomAlarms } from './alarms.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { LazyLogger } from './lazy-logger.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import type { StepChanges } from './step.ts'
import type { Steps } from './steps.ts'
import { RoomStorage } from './storage.ts'

export interface RoomStateParts {
  readonly path: string
  readonly parts: RoomParts
  readonly settings: RoomSettings
  readonly stores: Schemas | undefined
  readonly steps: Steps
  readonly calls: HandlerCalls
  readonly logger: LazyLogger
  readonly tally: Tally
  /** The room has closed. */
  readonly isOver: () => boolean
}

export class RoomState {
  readonly storage: RoomStorage
  readonly alarms: RoomAlarms
  readonly #parts: RoomStateParts

  constructor(given: RoomStateParts) {
    const { path, parts, settings, stores, steps, calls, tally, isOver } = given
    const { clock, alarmBook: book, storageBudget: budget } = parts
    this.#parts = given
    const nextTurn = () => new Promise<void>((resolve) => clock.soon(resolve))
    const limitBytes = settings.limits.storageBytes
    this.storage = new RoomStorage({ stores, steps, limitBytes, budget, nextTurn, isOver })
    this.alarms = new RoomAlarms({ path, clock, calls, steps, book, tally, isOver })
  }

  /** Rejects with a `TypeError` if a stored value does not match its schema. */
  async load({ storage, alarms }: Kept): Promise<void> {
    const uncovered = await this.storage.load(storage)
    this.alarms.load(alarms)
    if (uncovered.length === 0) return
    const fields = { keys: uncovered.slice(0, 10), count: uncovered.length }
    this.#parts.logger.warn(fields, 'no name of "stores" covers these stored keys: they stay on disk, unseen')
  }

  /** What a step changed that had failed, and is kept after all. */
  restore({ storage, alarms }: StepChanges): void {
    if (storage) this.storage.restore(storage)
    if (alarms) this.alarms.restore(alarms)
  }

  /** The room is open. */
  start({ alarm }: CommonHandlers<never>): void {
    this.alarms.start()
    if (alarm || this.alarms.count === 0) return
    this.#parts.logger.warn({ count: this.alarms.count }, 'the room has alarms and no handler "alarm": they wait')
  }

  /** The room has closed. `isLost`: since it lost its log. */
  end(isLost: boolean): void {
    const { path, parts } = this.#parts
    void this.alarms.stop()
    this.storage.release()
    if (isLost) parts.alarmBook.onLost()
    else parts.alarmBook.onClosed(path, this.alarms.next)
  }
}
