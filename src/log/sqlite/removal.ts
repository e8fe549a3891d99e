/**
 * Removes rooms from disk: those of which nothing is left, those that are erased. An erased room gives its path and its
 * epochs to a new one, so that older offsets are answered `cleared`; its rows are removed a step at a time. `store.ts`
 * owns it.
 */
import type { EpochEntry } from '../lineage.ts'
import type { EpochsTable } from './epochs-table.ts'
import type { SqliteFile } from './file.ts'
import { OF_A_ROOM } from './tables.ts'

/** The most rows removed in one step. */
const STEP = 2000
/** Between the name of an erased room and its id. No path begins with it. */
const ERASED = 'erased:'

/** Whether the path is one of a room that was erased. */
export function isErased(path: string): boolean {
  return path.startsWith(ERASED)
}

export class Removal {
  readonly #file: SqliteFile
  readonly #epochs: EpochsTable

  constructor(file: SqliteFile, epochs: EpochsTable) {
    this.#file = file
    this.#epochs = epochs
  }

  /** Puts an empty room, in which these epochs begin, in the place of another. On disk when this returns. */
  replace(room: number, id: number, begun: readonly EpochEntry[]): void {
    this.#file.transaction(() => {
      const { path, max_age, seq } = this.#file.get('SELECT * FROM rooms WHERE id = ?', room) ?? {}
      this.#file.run('UPDATE rooms SET path = ?, alarm = NULL WHERE id = ?', ERASED + room, room)
      this.#file.run(
        'INSERT INTO rooms (id, path, max_age, seq) VALUES (?, ?, ?, ?)',
        id,
        String(path),
        Number(max_age),
        Number(seq),
      )
      this.#file.run('UPDATE epochs SET room = ? WHERE room = ?', id, room)
      for (const entry of begun) this.#epochs.add(id, entry)
      // What there is at most a bounded number of is gone at once.
      for (const table of ['storage', 'alarms']) this.#file.run(`DELETE FROM ${table} WHERE room = ?`, room)
    })
  }

  /** Removes one step of what is left of a room, and the room in the end. Returns whether that is done. */
  step(room: number): boolean {
    return this.#file.transaction(() => {
      let left = STEP
      for (const table of OF_A_ROOM) {
        left -= this.#removeSome(table, room, left)
        if (left <= 0) return false
      }
      this.#file.run('DELETE FROM rooms WHERE id = ?', room)
      return true
    })
  }

  #removeSome(table: (typeof OF_A_ROOM)[number], room: number, most: number): number {
    const key = KEYS[table]
    const some = `SELECT ${key} FROM ${table} WHERE room = ? LIMIT ?`
    return this.#file.run(`DELETE FROM ${table} WHERE (${key}) IN (${some})`, room, most)
  }
}

/** What identifies a row. */
const KEYS = {
  events: 'room, seq',
  storage: 'rowid',
  alarms: 'room, name',
  epochs: 'room, epoch',
  answers: 'room, client, id',
  forgotten: 'room, client',
  producers: 'room, producer',
} as const
