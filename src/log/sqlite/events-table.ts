/** The events of all rooms on disk. `store.ts` owns it. */
import { eventParts } from '../../delivery/payload.ts'
import { REDACTED, redactedData } from '../redacted.ts'
import type { StoredEvent } from '../stored-event.ts'
import { pageOf, rowOf } from './event.ts'
import type { SqliteFile } from './file.ts'

/** The values of each event in a commit. */
type EventValues = [room: number, seq: number, time: number, type: string, data: string]
const EVENT_VALUES = 5

export class EventsTable {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  /** To be called in a transaction. Returns the newest seq of each room. */
  keep(events: readonly (number | string)[]): Map<number, number> {
    const newest = new Map<number, number>()
    for (let at = 0; at < events.length; at += EVENT_VALUES) {
      // The array is flat, a group of values for each event.
      const [room, seq, time, type, data] = events.slice(at, at + EVENT_VALUES) as EventValues
      const { json, crc } = rowOf({ seq, time, type, data })
      this.#file.run(
        'INSERT INTO events (room, seq, time, crc, json) VALUES (?, ?, ?, ?, ?)',
        room,
        seq,
        time,
        crc,
        json,
      )
      newest.set(room, seq)
    }
    return newest
  }

  /**
   * Erases type and data of an event. Returns its time; `undefined`: it is not kept, is erased already, or reports that
   * another one was. To be called in a transaction.
   */
  redact(room: number, seq: number): number | undefined {
    const row = this.#file.get('SELECT time, json FROM events WHERE room = ? AND seq = ?', room, seq)
    if (!row) return undefined
    const time = Number(row.time)
    if (eventParts(String(row.json), seq, time)?.type === REDACTED) return undefined
    const { json, crc } = rowOf({ seq, time, type: REDACTED, data: redactedData(seq) })
    this.#file.run('UPDATE events SET crc = ?, json = ? WHERE room = ? AND seq = ?', crc, json, room, seq)
    return time
  }

  /** A page of events after `after` up to `upTo`, oldest first, within `bytes`. Throws if one is damaged. */
  page(room: number, after: number, upTo: number, limit: number, bytes: number): StoredEvent[] {
    const rows = this.#file.each(
      'SELECT seq, time, crc, json FROM events WHERE room = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      room,
      after,
      upTo,
      limit,
    )
    return pageOf(rows, bytes)
  }

  /** The newest events from `first` on, oldest first. */
  newest(room: number, first: number, count: number, bytes: number): StoredEvent[] {
    const sql = 'SELECT seq, time, crc, json FROM events WHERE room = ? AND seq >= ? ORDER BY seq DESC LIMIT ?'
    return pageOf(this.#file.each(sql, room, first, count), bytes).reverse()
  }

  oldest(room: number): { seq: number; time: number } | undefined {
    const row = this.#file.get('SELECT seq, time FROM events WHERE room = ? ORDER BY seq LIMIT 1', room)
    return row && { seq: Number(row.seq), time: Number(row.time) }
  }

  /** The seq of the oldest event that is not older than this (ms since 1970). */
  firstSince(room: number, ms: number): number | undefined {
    const row = this.#file.get('SELECT seq FROM events WHERE room = ? AND time >= ? ORDER BY seq LIMIT 1', room, ms)
    return row && Number(row.seq)
  }

  /** Removes the events before `seq`. */
  removeBefore(room: number, seq: number): void {
    this.#file.run('DELETE FROM events WHERE room = ? AND seq < ?', room, seq)
  }
}
