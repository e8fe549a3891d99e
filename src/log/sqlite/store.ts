/**
 * The database of the SQLite log: its tables and queries, synchronous. It runs in a thread of its own (`worker.ts`) and
 * is the only one that opens the file.
 */
import { MAX_LIVES } from '../epoch.ts'
import type { EpochEntry } from '../lineage.ts'
import { type ProducerState, REMEMBER_MS, type Recalled } from '../log.ts'
import { pageOf, rowOf, type StoredEvent } from './event.ts'
import { SqliteFile } from './file.ts'
import { IDEMPOTENCY_SCHEMA, SqliteIdempotency } from './idempotency.ts'
import { type ClientIds, fingerprint } from './seen-ids.ts'
import type { Begin, Commit, Contents, Oldest, StoredRoom, Trimmed } from './stored.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, max_age INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS lives (life TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS epochs (room INTEGER NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (room, epoch)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS events (room INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, crc INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID;
`
/** The values of each event in a commit. */
type EventValues = [room: number, seq: number, time: number, type: string, data: string]
const EVENT_VALUES = 5
/** The most rows removed in one step, so that appends never wait long. */
const STEP = 2000
/** The most epochs kept for a room. */
const MAX_EPOCHS = 1000

export class Store {
  readonly #file: SqliteFile
  readonly #idempotency: SqliteIdempotency
  /** When each room was last opened in this process (ms since 1970). */
  readonly #opened = new Map<number, number>()

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA + IDEMPOTENCY_SCHEMA)
    this.#idempotency = new SqliteIdempotency(this.#file)
  }

  /** What a log needs to know at its start; the paths only if there are at most `limit` rooms. */
  contents(limit: number): Contents {
    const lastId = Number(this.#file.get('SELECT max(id) AS id FROM rooms')?.id ?? 0)
    const rows = this.#file.all('SELECT path FROM rooms LIMIT ?', limit + 1)
    const paths = rows.length > limit ? undefined : Int32Array.from(rows, ({ path }) => fingerprint(String(path)))
    const lives = this.#file.all('SELECT life FROM lives ORDER BY rowid DESC LIMIT ?', MAX_LIVES)
    return { lastId, paths, lives: lives.map(({ life }) => String(life)).reverse() }
  }

  /** Saves a life. */
  live(life: string): void {
    this.#file.transaction(() => this.#live(life))
  }

  /**
   * A room on disk; `undefined` if it was never written. Writes nothing. `recent`: how many of its newest events to
   * read.
   */
  open(path: string, now: number, recent: { count: number; bytes: number }): StoredRoom | undefined {
    const room = this.#room(path)
    if (!room) return undefined
    this.#opened.set(room.id, now)
    const first = this.#oldest(room.id)?.seq ?? room.seq + 1
    const newest = this.#newest(room.id, recent.count, recent.bytes)
    return { ...room, ...this.#age(room.id), epochs: this.#epochs(room.id), first, recent: newest }
  }

  /** The span of a room's log, without opening it. */
  peek(path: string): { epoch: string; first: number; seq: number } | undefined {
    const room = this.#room(path)
    if (!room) return undefined
    return {
      epoch: this.#epochs(room.id).at(-1)?.epoch ?? '',
      first: this.#oldest(room.id)?.seq ?? room.seq + 1,
      seq: room.seq,
    }
  }

  /** Writes all of it or nothing; on disk when this returns. */
  commit({ life, begins, events, keys }: Commit): void {
    const newest = new Map<number, number>()
    this.#file.transaction(() => {
      if (life !== undefined) this.#live(life)
      for (const begin of begins) this.#begin(begin)
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
      for (const [room, seq] of newest) this.#file.run('UPDATE rooms SET seq = ? WHERE id = ?', seq, room)
      for (const key of keys) this.#idempotency.keep(key)
    })
  }

  /** A page of events after `after` up to `upTo`, oldest first, within `bytes`. Throws if one is damaged. */
  read(room: number, after: number, upTo: number, limit: number, bytes: number): StoredEvent[] {
    const rows = this.#file.each(
      'SELECT seq, time, crc, json FROM events WHERE room = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      room,
      after,
      upTo,
      limit,
    )
    return pageOf(rows, bytes)
  }

  ids(room: number, client: string, limit: number): ClientIds {
    return this.#idempotency.ids(room, client, limit)
  }

  answer(room: number, client: string, id: string): Recalled {
    return this.#idempotency.answer(room, client, id)
  }

  producer(room: number, producer: string): ProducerState | undefined {
    return this.#idempotency.producer(room, producer)
  }

  /**
   * Removes one step of what is before `first` or older than `maxAgeMs`. Returns the oldest event left and its time.
   * Writes nothing if nothing is old.
   */
  trim(room: number, first: number, maxAgeMs: number, now: number): Trimmed {
    return this.#file.transaction(() => {
      const file = this.#file
      const notBefore = now - maxAgeMs
      const seq = Number(file.get('SELECT seq FROM rooms WHERE id = ?', room)?.seq ?? 0)
      const young = file.get(
        'SELECT seq FROM events WHERE room = ? AND time >= ? ORDER BY seq LIMIT 1',
        room,
        notBefore,
      )
      const end = Math.max(first, young ? Number(young.seq) : seq + 1)
      const until = Math.min(end, (this.#oldest(room)?.seq ?? seq + 1) + STEP)
      file.run('DELETE FROM events WHERE room = ? AND seq < ?', room, until)
      const oldest = this.#oldest(room)?.time
      const old = now - REMEMBER_MS
      const forgotten = this.#idempotency.forget(room, Math.min(old, oldest ?? now), Math.min(old, notBefore), STEP)
      // An epoch is needed as long as a client may resume from its end.
      file.run(
        'DELETE FROM epochs WHERE room = ? AND first < (SELECT max(first) FROM epochs WHERE room = ? AND first < ?)',
        room,
        room,
        until,
      )
      file.run('UPDATE rooms SET max_age = ? WHERE id = ? AND max_age != ?', maxAgeMs, room, maxAgeMs)
      return { ...this.#age(room), first: until, isDone: until >= end && forgotten < STEP }
    })
  }

  /** Rooms on disk after `id`, for the sweep of those that are not open. */
  rooms(after: number, limit: number): { id: number; path: string; maxAge: number }[] {
    const rows = this.#file.all('SELECT id, path, max_age FROM rooms WHERE id > ? ORDER BY id LIMIT ?', after, limit)
    return rows.map(({ id, path, max_age }) => ({ id: Number(id), path: String(path), maxAge: Number(max_age) }))
  }

  /** Removes a room that is empty and was not opened since `since` (ms since 1970). Returns whether it did. */
  drop(room: number, since: number): boolean {
    const file = this.#file
    const isEmpty = !file.get('SELECT 1 FROM events WHERE room = ? LIMIT 1', room)
    const isKnown = file.get('SELECT 1 FROM answers WHERE room = ? LIMIT 1', room)
    const begun = Number.parseInt(this.#epochs(room).at(-1)?.epoch.slice(0, 12) ?? '0', 16)
    if (!isEmpty || isKnown || Math.max(begun, this.#opened.get(room) ?? 0) >= since) return false
    file.transaction(() => {
      for (const table of ['epochs', 'producers', 'forgotten']) file.run(`DELETE FROM ${table} WHERE room = ?`, room)
      file.run('DELETE FROM rooms WHERE id = ?', room)
    })
    this.#opened.delete(room)
    return true
  }

  /** Writes and removes a row. Throws if the disk cannot be written. */
  probe(): void {
    this.#file.transaction(() => {
      this.#file.exec('CREATE TABLE probe (at INTEGER); INSERT INTO probe VALUES (1); DROP TABLE probe;')
    })
  }

  close(): void {
    this.#file.close()
  }

  #live(life: string): void {
    this.#file.run('INSERT OR IGNORE INTO lives (life) VALUES (?)', life)
    this.#file.run('DELETE FROM lives WHERE rowid <= (SELECT max(rowid) FROM lives) - ?', MAX_LIVES)
  }

  /** Writes a room, if it is new, and its current epoch. */
  #begin({ id, path, maxAgeMs, entry, epochCount }: Begin): void {
    this.#file.run(
      'INSERT INTO rooms (id, path, max_age, seq) VALUES (?, ?, ?, 0) ON CONFLICT (id) DO NOTHING',
      id,
      path,
      maxAgeMs,
    )
    this.#file.run('INSERT INTO epochs (room, epoch, first) VALUES (?, ?, ?)', id, entry.epoch, entry.first)
    if (epochCount <= MAX_EPOCHS) return
    this.#file.run(
      'DELETE FROM epochs WHERE room = ? AND epoch NOT IN (SELECT epoch FROM epochs WHERE room = ? ORDER BY first DESC, epoch DESC LIMIT ?)',
      id,
      id,
      MAX_EPOCHS,
    )
  }

  #epochs(room: number): EpochEntry[] {
    const rows = this.#file.all('SELECT epoch, first FROM epochs WHERE room = ? ORDER BY first, epoch', room)
    return rows.map(({ epoch, first }) => ({ epoch: String(epoch), first: Number(first) }))
  }

  #room(path: string): { id: number; seq: number } | undefined {
    const row = this.#file.get('SELECT id, seq FROM rooms WHERE path = ?', path)
    return row && { id: Number(row.id), seq: Number(row.seq) }
  }

  #oldest(room: number): { seq: number; time: number } | undefined {
    const row = this.#file.get('SELECT seq, time FROM events WHERE room = ? ORDER BY seq LIMIT 1', room)
    return row && { seq: Number(row.seq), time: Number(row.time) }
  }

  #age(room: number): Oldest {
    const answer = this.#file.get('SELECT min(time) AS time FROM answers WHERE room = ?', room)?.time
    const answered = typeof answer === 'number' ? answer : undefined
    return { oldest: this.#oldest(room)?.time, answered }
  }

  #newest(room: number, count: number, length: number): StoredEvent[] {
    const sql = 'SELECT seq, time, crc, json FROM events WHERE room = ? ORDER BY seq DESC LIMIT ?'
    return pageOf(this.#file.each(sql, room, count), length).reverse()
  }
}
