/** Lives of the log and epochs of its rooms on disk. `store.ts` owns it. */
import { MAX_LIVES } from '../epoch.ts'
import { type EpochEntry, MAX_EPOCHS } from '../lineage.ts'
import type { SqliteFile } from './file.ts'
import { KEY, keyOf } from './secret.ts'
import type { Begin, Life } from './stored.ts'

export class EpochsTable {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  /** Earlier lives, the oldest first. */
  lives(): string[] {
    const lives = this.#file.all('SELECT life FROM lives ORDER BY rowid DESC LIMIT ?', MAX_LIVES)
    return lives.map(({ life }) => String(life)).reverse()
  }

  key(): Uint8Array | undefined {
    return keyOf(this.#file)
  }

  /** To be called in a transaction. */
  live({ life, key }: Life): void {
    this.#file.run('INSERT OR IGNORE INTO lives (life) VALUES (?)', life)
    this.#file.run('DELETE FROM lives WHERE rowid <= (SELECT max(rowid) FROM lives) - ?', MAX_LIVES)
    this.#file.run('INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)', KEY, key)
  }

  /** Writes a room, if it is new, and its current epoch. To be called in a transaction. */
  begin({ id, path, maxAgeMs, forgetAfterMs, entry, epochCount }: Begin): void {
    this.#file.run(
      `INSERT INTO rooms (id, path, max_age, forget_after) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET forget_after = excluded.forget_after`,
      id,
      path,
      maxAgeMs,
      forgetAfterMs ?? null,
    )
    this.add(id, entry)
    if (epochCount <= MAX_EPOCHS) return
    this.#file.run(
      'DELETE FROM epochs WHERE room = ? AND epoch NOT IN (SELECT epoch FROM epochs WHERE room = ? ORDER BY first DESC, epoch DESC LIMIT ?)',
      id,
      id,
      MAX_EPOCHS,
    )
  }

  add(room: number, { epoch, first, isCleared }: EpochEntry): void {
    const sql = 'INSERT INTO epochs (room, epoch, first, cleared) VALUES (?, ?, ?, ?)'
    this.#file.run(sql, room, epoch, first, isCleared ? 1 : 0)
  }

  of(room: number): EpochEntry[] {
    const rows = this.#file.all('SELECT epoch, first, cleared FROM epochs WHERE room = ? ORDER BY first, epoch', room)
    return rows.map(({ epoch, first, cleared }) => ({
      epoch: String(epoch),
      first: Number(first),
      isCleared: cleared === 1,
    }))
  }

  /** The oldest event that may be read since the history was cleared; 0: it never was. */
  clearedTo(room: number): number {
    const row = this.#file.get('SELECT max(first) AS first FROM epochs WHERE room = ? AND cleared = 1', room)
    return Number(row?.first ?? 0)
  }

  /**
   * Removes the epochs from whose end no client can resume, if the events before `first` are gone. Those of a cleared
   * history stay: their offsets are answered with that.
   */
  trim(room: number, first: number): void {
    this.#file.run(
      `DELETE FROM epochs WHERE room = ? AND first < (SELECT max(first) FROM epochs WHERE room = ? AND first < ?)
         AND first >= (SELECT coalesce(max(first), 0) FROM epochs WHERE room = ? AND cleared = 1)`,
      room,
      room,
      first,
      room,
    )
  }
}
