/** What is kept too long, and how old the rest is. `store.ts` owns it. */
import { REMEMBER_MS } from '../log.ts'
import type { EpochsTable } from './epochs-table.ts'
import type { EventsTable } from './events-table.ts'
import type { SqliteFile } from './file.ts'
import type { SqliteIdempotency } from './idempotency.ts'
import type { RoomsTable } from './rooms-table.ts'
import type { Oldest, Trimmed } from './stored.ts'

/** The most rows removed in one step, so that appends never wait long. */
const STEP = 2000

export interface OldRowsTables {
  readonly file: SqliteFile
  readonly events: EventsTable
  readonly rooms: RoomsTable
  readonly epochs: EpochsTable
  readonly idempotency: SqliteIdempotency
}

export class OldRows {
  readonly #tables: OldRowsTables

  constructor(tables: OldRowsTables) {
    this.#tables = tables
  }

  /**
   * Removes one step of what is before `first` or older than `maxAgeMs`. To be called in a transaction, in which it writes
   * nothing if nothing is old.
   */
  trim(room: number, first: number, maxAgeMs: number, now: number): Trimmed {
    const { events, rooms, epochs, idempotency } = this.#tables
    const notBefore = now - maxAgeMs
    const seq = rooms.seq(room)
    const end = Math.max(first, epochs.clearedTo(room), events.firstSince(room, notBefore) ?? seq + 1)
    const until = Math.min(end, (events.oldest(room)?.seq ?? seq + 1) + STEP)
    events.removeBefore(room, until)
    const oldest = events.oldest(room)?.time
    const old = now - REMEMBER_MS
    const { rows, ids } = idempotency.forget(room, Math.min(old, oldest ?? now), Math.min(old, notBefore), STEP)
    epochs.trim(room, until)
    rooms.setMaxAge(room, maxAgeMs)
    return { ...this.ageOf(room), first: until, isDone: until >= end && rows < STEP, forgotten: ids }
  }

  ageOf(room: number): Oldest {
    const { file, events } = this.#tables
    const answer = file.get('SELECT min(time) AS time FROM answers WHERE room = ?', room)?.time
    const answered = typeof answer === 'number' ? answer : undefined
    return { oldest: events.oldest(room)?.time, answered }
  }
}
