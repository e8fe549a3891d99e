/** The rooms that are on disk. `store.ts` owns it. */
import type { Row, SqliteFile } from './file.ts'
import { isErased } from './removal.ts'
import { fingerprint } from './seen-ids.ts'
import type { Contents, SweptRoom } from './stored.ts'

export class RoomsTable {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  /** The paths only if there are at most `limit` rooms. */
  start(limit: number): Pick<Contents, 'lastId' | 'paths'> {
    const lastId = Number(this.#file.get('SELECT max(id) AS id FROM rooms')?.id ?? 0)
    const rows = this.#file.all('SELECT path FROM rooms LIMIT ?', limit + 1)
    const paths = rows.length > limit ? undefined : Int32Array.from(rows, ({ path }) => fingerprint(String(path)))
    return { lastId, paths }
  }

  find(path: string): (SweptRoom & { seq: number }) | undefined {
    const row = this.#file.get('SELECT * FROM rooms WHERE path = ?', path)
    return row && { ...swept(row), seq: Number(row.seq) }
  }

  /** Rooms after `id`. */
  after(id: number, limit: number): SweptRoom[] {
    return this.#file.all('SELECT * FROM rooms WHERE id > ? ORDER BY id LIMIT ?', id, limit).map(swept)
  }

  /** The newest event. */
  seq(room: number): number {
    return Number(this.#file.get('SELECT seq FROM rooms WHERE id = ?', room)?.seq ?? 0)
  }

  appended(room: number, seq: number, now: number): void {
    this.#file.run('UPDATE rooms SET seq = ?, active = ? WHERE id = ?', seq, now, room)
  }

  changed(room: number, now: number): void {
    this.#file.run('UPDATE rooms SET active = ? WHERE id = ?', now, room)
  }

  use(rooms: readonly { id: number; forgetAfterMs: number | undefined }[], now: number): void {
    const sql = 'UPDATE rooms SET active = ?, forget_after = ? WHERE id = ?'
    for (const { id, forgetAfterMs } of rooms) this.#file.run(sql, now, forgetAfterMs ?? null, id)
  }

  setMaxAge(room: number, maxAgeMs: number): void {
    this.#file.run('UPDATE rooms SET max_age = ? WHERE id = ? AND max_age != ?', maxAgeMs, room, maxAgeMs)
  }
}

function swept({ id, path, max_age, active, forget_after }: Row): SweptRoom {
  return {
    id: Number(id),
    path: String(path),
    maxAge: Number(max_age),
    forgetAt: forget_after === null ? undefined : Number(active) + Number(forget_after),
    isErased: isErased(String(path)),
  }
}
