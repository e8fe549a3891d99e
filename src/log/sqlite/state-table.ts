/** Storage and alarms of all rooms on disk. `rooms.alarm` is the earliest of a room's alarms. `store.ts` owns it. */
import { crc32 } from 'node:zlib'
import type { KeptRoom, RoomAlarm, RoomContents } from '../kept-rooms.ts'
import type { Stored } from '../log.ts'
import type { Row, SqliteFile } from './file.ts'
import type { RoomChanges, StoredState } from './stored.ts'

const BYTES = 'octet_length(key) + octet_length(value)'

export class StateTable {
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  /** To be called in a transaction. */
  keep({ room, storage, alarms }: RoomChanges): void {
    for (const [key, value] of storage) this.#store(room, key, value)
    if (alarms.size === 0) return
    for (const [name, at] of alarms) this.#setAlarm(room, name, at)
    this.#file.run('UPDATE rooms SET alarm = (SELECT min(at) FROM alarms WHERE room = ?) WHERE id = ?', room, room)
  }

  /** Throws if a value is damaged. */
  of(room: number): StoredState {
    const storage = this.#file.all('SELECT key, crc, value FROM storage WHERE room = ? ORDER BY key', room)
    const alarms = this.#file.all('SELECT name, at FROM alarms WHERE room = ?', room)
    return {
      storage: storage.map(checked),
      alarms: alarms.map(({ name, at }) => [String(name), Number(at)]),
    }
  }

  has(room: number): boolean {
    const sql = 'SELECT 1 FROM storage WHERE room = ? UNION ALL SELECT 1 FROM alarms WHERE room = ? LIMIT 1'
    return this.#file.get(sql, room, room) !== undefined
  }

  contents(room: number): RoomContents {
    const storage = this.#file.all(`SELECT key, ${BYTES} AS bytes FROM storage WHERE room = ? ORDER BY key`, room)
    const alarms = this.#file.all('SELECT name, at FROM alarms WHERE room = ? ORDER BY at, name', room)
    return {
      storage: storage.map(({ key, bytes }) => ({ key: String(key), bytes: Number(bytes) })),
      alarms: alarms.map(({ name, at }) => ({ name: String(name), at: Number(at) })),
    }
  }

  /** Rooms with alarms, by the time of the earliest. */
  alarms(limit: number, after: RoomAlarm = { at: Number.MIN_SAFE_INTEGER, path: '' }): RoomAlarm[] {
    const sql =
      'SELECT path, alarm FROM rooms WHERE alarm IS NOT NULL AND (alarm, path) > (?, ?) ORDER BY alarm, path LIMIT ?'
    const rows = this.#file.all(sql, after.at, after.path, limit)
    return rows.map(({ path, alarm }) => ({ path: String(path), at: Number(alarm) }))
  }

  /** Rooms of which something is kept, by path. */
  rooms(limit: number, after = '/'): KeptRoom[] {
    const rows = this.#file.all(
      `SELECT path, seq, (SELECT sum(${BYTES}) FROM storage WHERE room = rooms.id) AS bytes,
           (SELECT count(*) FROM alarms WHERE room = rooms.id) AS alarms FROM rooms
         WHERE path ${after === '/' ? '>=' : '>'} ? AND path < '0' AND (bytes > 0 OR alarms > 0
           OR EXISTS (SELECT 1 FROM events WHERE room = rooms.id) OR EXISTS (SELECT 1 FROM answers WHERE room = rooms.id))
         ORDER BY path LIMIT ?`,
      after,
      limit,
    )
    return rows.map(({ path, seq, bytes, alarms }) => ({
      path: String(path),
      seq: Number(seq),
      storageBytes: Number(bytes ?? 0),
      alarms: Number(alarms),
    }))
  }

  #store(room: number, key: string, value: Stored | undefined): void {
    if (value === undefined) {
      this.#file.run('DELETE FROM storage WHERE room = ? AND key = ?', room, key)
      return
    }
    this.#file.run(
      `INSERT INTO storage (room, key, crc, value) VALUES (?, ?, ?, ?)
         ON CONFLICT (room, key) DO UPDATE SET crc = excluded.crc, value = excluded.value`,
      room,
      key,
      crc32(value),
      value,
    )
  }

  #setAlarm(room: number, name: string, at: number | undefined): void {
    if (at === undefined) {
      this.#file.run('DELETE FROM alarms WHERE room = ? AND name = ?', room, name)
      return
    }
    this.#file.run(
      'INSERT INTO alarms (room, name, at) VALUES (?, ?, ?) ON CONFLICT (room, name) DO UPDATE SET at = excluded.at',
      room,
      name,
      at,
    )
  }
}

/** The key and value of a row. Throws if the disk changed it. */
function checked({ key, crc, value }: Row): readonly [string, Stored] {
  const stored = value instanceof Uint8Array ? value : String(value)
  if (crc32(stored) !== crc) throw new Error(`the value of "${key}" is damaged on disk`)
  return [String(key), stored]
}
