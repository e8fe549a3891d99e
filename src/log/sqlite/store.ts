/**
 * The database of the SQLite log: its tables and what is asked of them, synchronous. `worker.ts` runs it in a
 * thread of its own; nobody else opens the file.
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
/** What a commit holds of each event. */
type EventValues = [room: number, seq: number, time: number, type: string, data: string]
const EVENT_VALUES = 5
/** Rows that go in one step of cleaning, so that appends never wait long for it. */
const STEP = 2000
/** Epochs of a room that are remembered. */
const MAX_EPOCHS = 1000

export class Store {
  readonly #file: SqliteFile
  readonly #idempotency: SqliteIdempotency
  /** Rooms that were opened in this process, and when they were last (ms since 1970). */
  readonly #opened = new Map<number, number>()

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA + IDEMPOTENCY_SCHEMA)
    this.#idempotency = new SqliteIdempotency(this.#file)
  }

  /** Which rooms there are, up to `limit` of them. */
  contents(limit: number): Contents {
    const lastId = Number(this.#file.get('SELECT max(id) AS id FROM rooms')?.id ?? 0)
    const rows = this.#file.all('SELECT path FROM rooms LIMIT ?', limit + 1)
    const paths = rows.length > limit ? undefined : Int32Array.from(rows, ({ path }) => fingerprint(String(path)))
    const lives = this.#file.all('SELECT life FROM lives ORDER BY rowid DESC LIMIT ?', MAX_LIVES)
    return { lastId, paths, lives: lives.map(({ life }) => String(life)).reverse() }
  }

  /** A life begins. */
  live(life: string): void {
    this.#file.transaction(() => this.#live(life))
  }

  /** A room as it was kept; `undefined`: nothing ever was. Writes nothing. `recent`: how much of its newest events comes along. */
  open(path: string, now: number, recent: { count: number; bytes: number }): StoredRoom | undefined {
    const room = this.#room(path)
    if (!room) return undefined
    this.#opened.set(room.id, now)
    const first = this.#oldest(room.id)?.seq ?? room.seq + 1
    const newest = this.#newest(room.id, recent.count, recent.bytes)
    return { ...room, ...this.#age(room.id), epochs: this.#epochs(room.id), first, recent: newest }
  }

  /** Where a room's log stands, without opening it. */
  peek(path: string): { epoch: string; first: number; seq: number } | undefined {
    const room = this.#room(path)
    if (!room) return undefined
    return {
      epoch: this.#epochs(room.id).at(-1)?.epoch ?? '',
      first: this.#oldest(room.id)?.seq ?? room.seq + 1,
      seq: room.seq,
    }
  }

  /** Keeps all of it or nothing; on disk when this returns. */
  commit({ life, begins, events, keys }: Commit): void {
    const newest = new Map<number, number>()
    this.#file.transaction(() => {
      if (life !== undefined) this.#live(life)
      for (const begin of begins) this.#begin(begin)
      for (let at = 0; at < events.length; at += EVENT_VALUES) {
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

  /** Events after `seq` up to `upTo`, oldest first, as many as make a page of `bytes`. Throws where one is damaged. */
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
   * Removes a step of what lies before `first` or is older than `maxAgeMs`. Returns the oldest event left and when it was
   * kept. Writes nothing where nothing is old.
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
      // An epoch is of use as long as somebody may have seen up to its end and the next event is still there.
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

  /** Forgets a room of which nothing is left and that nobody opened since `since` (ms since 1970). Returns whether it did. */
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

  /** Writes and takes back a row: whether the disk takes writes again. */
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

  /** Makes a room known, and begins its epoch of this process. */
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
