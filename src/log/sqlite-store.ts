/**
 * The database of the SQLite log: its tables and what is asked of them, synchronous. `sqlite-worker.ts` runs it in a
 * thread of its own; nobody else opens the file.
 */
import { crc32 } from 'node:zlib'
import { newEpoch } from './epoch.ts'
import type { Era } from './lineage.ts'
import { type ProducerState, REMEMBER_MS, type Recalled } from './log.ts'
import type { KnownIds } from './recalls.ts'
import { pageOf, type StoredEvent } from './sqlite-event.ts'
import { SqliteFile } from './sqlite-file.ts'
import { MEMORY_SCHEMA, SqliteMemory, type StoredMark } from './sqlite-memory.ts'

/** A room's log as it is found on disk. */
export interface StoredRoom {
  readonly id: number
  readonly eras: readonly Era[]
  readonly first: number
  readonly seq: number
  /** The newest events, oldest first. */
  readonly recent: readonly StoredEvent[]
}

/** What is kept in one transaction. */
export interface Commit {
  /** Room, seq, time, JSON text; one after the other. */
  readonly events: readonly (number | string)[]
  readonly marks: readonly StoredMark[]
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, max_age INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS epochs (room INTEGER NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (room, epoch)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS events (room INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, crc INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID;
`
/** Rows that go in one step of cleaning, so that appends never wait long for it. */
const STEP = 2000
/** Epochs of a room that are remembered. */
const MAX_EPOCHS = 1000

export class Store {
  readonly #file: SqliteFile
  readonly #memory: SqliteMemory
  /** Rooms that have their epoch of this process, and when they were opened last (ms since 1970). */
  readonly #begun = new Map<number, number>()
  /** Epochs begun while the disk took no writes: they are written before the first event under them. */
  readonly #unsaved = new Map<number, Era>()

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA + MEMORY_SCHEMA)
    this.#memory = new SqliteMemory(this.#file)
  }

  /**
   * Opens a room, the first time in this process under a new epoch. `recent`: how much of its newest events comes along.
   * Without `mayWrite` a room that is known can still be read; one that is not known throws.
   */
  open(
    path: string,
    now: number,
    maxAgeMs: number,
    recent: { count: number; bytes: number },
    mayWrite: boolean,
  ): StoredRoom {
    if (mayWrite) this.#file.transaction(() => this.#enter(path, now, maxAgeMs))
    const room = this.#room(path)
    if (!room) throw new Error(`the room ${path} is new, and the disk takes no writes`)
    if (!mayWrite && !this.#begun.has(room.id)) this.#unsaved.set(room.id, this.#newEra(room.id, room.seq, now))
    this.#begun.set(room.id, now)
    const unsaved = this.#unsaved.get(room.id)
    const eras = [...this.#eras(room.id), ...(unsaved ? [unsaved] : [])]
    const first = this.#first(room.id, room.seq)
    return { ...room, eras, first, recent: this.#newest(room.id, recent.count, recent.bytes) }
  }

  /** Where a room's log stands, without opening it. */
  peek(path: string): { epoch: string; first: number; seq: number } | undefined {
    const room = this.#room(path)
    if (!room) return undefined
    return { epoch: this.#eras(room.id).at(-1)?.epoch ?? '', first: this.#first(room.id, room.seq), seq: room.seq }
  }

  /** Keeps all of it or nothing; on disk when this returns. */
  commit({ events, marks }: Commit): void {
    const newest = new Map<number, number>()
    this.#file.transaction(() => {
      for (let at = 0; at < events.length; at += 4) {
        const [room, seq, time, json] = events.slice(at, at + 4) as [number, number, number, string]
        this.#file.run(
          'INSERT INTO events (room, seq, time, crc, json) VALUES (?, ?, ?, ?, ?)',
          room,
          seq,
          time,
          crc32(json),
          json,
        )
        newest.set(room, seq)
      }
      for (const [room, seq] of newest) {
        this.#file.run('UPDATE rooms SET seq = ? WHERE id = ?', seq, room)
        const era = this.#unsaved.get(room)
        if (era) this.#saveEra(room, era)
      }
      for (const mark of marks) this.#memory.keep(mark)
    })
    for (const room of newest.keys()) this.#unsaved.delete(room)
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

  ids(room: number, client: string, limit: number): KnownIds {
    return this.#memory.ids(room, client, limit)
  }

  answer(room: number, client: string, id: string): Recalled {
    return this.#memory.answer(room, client, id)
  }

  producer(room: number, producer: string): ProducerState | undefined {
    return this.#memory.producer(room, producer)
  }

  /** Removes a step of what lies before `first` or is older than `notBefore`. Returns the oldest event left. */
  trim(room: number, first: number, notBefore: number, now: number): { first: number; isDone: boolean } {
    return this.#file.transaction(() => {
      const file = this.#file
      const seq = Number(file.get('SELECT seq FROM rooms WHERE id = ?', room)?.seq ?? 0)
      const young = file.get(
        'SELECT seq FROM events WHERE room = ? AND time >= ? ORDER BY seq LIMIT 1',
        room,
        notBefore,
      )
      const end = Math.max(first, young ? Number(young.seq) : seq + 1)
      const until = Math.min(end, this.#first(room, seq) + STEP)
      file.run('DELETE FROM events WHERE room = ? AND seq < ?', room, until)
      const oldest = file.get('SELECT time FROM events WHERE room = ? ORDER BY seq LIMIT 1', room)
      const old = now - REMEMBER_MS
      const forgotten = this.#memory.forget(
        room,
        Math.min(old, Number(oldest?.time ?? now)),
        Math.min(old, notBefore),
        STEP,
      )
      // An epoch is of use as long as somebody may have seen up to its end and the next event is still there.
      file.run(
        'DELETE FROM epochs WHERE room = ? AND first < (SELECT max(first) FROM epochs WHERE room = ? AND first < ?)',
        room,
        room,
        until,
      )
      return { first: until, isDone: until >= end && forgotten < STEP }
    })
  }

  /** Rooms on disk after `id`, for the sweep of those that are not open. */
  rooms(after: number, limit: number): { id: number; path: string; maxAge: number }[] {
    const rows = this.#file.all('SELECT id, path, max_age FROM rooms WHERE id > ? ORDER BY id LIMIT ?', after, limit)
    return rows.map(({ id, path, max_age }) => ({ id: Number(id), path: String(path), maxAge: Number(max_age) }))
  }

  /** Forgets a room of which nothing is left and that nobody opened since `since` (ms since 1970). */
  drop(room: number, since: number): void {
    const file = this.#file
    const isEmpty = !file.get('SELECT 1 FROM events WHERE room = ? LIMIT 1', room)
    const isKnown = file.get('SELECT 1 FROM answers WHERE room = ? LIMIT 1', room)
    const begun = Number.parseInt(this.#eras(room).at(-1)?.epoch.slice(0, 12) ?? '0', 16)
    if (!isEmpty || isKnown || Math.max(begun, this.#begun.get(room) ?? 0) >= since) return
    file.transaction(() => {
      for (const table of ['epochs', 'producers', 'forgotten']) file.run(`DELETE FROM ${table} WHERE room = ?`, room)
      file.run('DELETE FROM rooms WHERE id = ?', room)
    })
    this.#begun.delete(room)
    this.#unsaved.delete(room)
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

  /** Makes a room known, and begins its epoch of this process. */
  #enter(path: string, now: number, maxAgeMs: number): void {
    this.#file.run(
      `INSERT INTO rooms (path, max_age) VALUES (?, ?)
         ON CONFLICT (path) DO UPDATE SET max_age = excluded.max_age WHERE max_age != excluded.max_age`,
      path,
      maxAgeMs,
    )
    const { id, seq } = this.#room(path) ?? { id: 0, seq: 0 }
    if (this.#begun.has(id)) return
    this.#saveEra(id, this.#newEra(id, seq, now))
    this.#file.run(
      'DELETE FROM epochs WHERE room = ? AND epoch NOT IN (SELECT epoch FROM epochs WHERE room = ? ORDER BY first DESC, epoch DESC LIMIT ?)',
      id,
      id,
      MAX_EPOCHS,
    )
  }

  #newEra(room: number, seq: number, now: number): Era {
    const last = this.#file.get('SELECT max(epoch) AS epoch FROM epochs WHERE room = ?', room)?.epoch
    return { epoch: newEpoch(now, typeof last === 'string' ? last : undefined), first: seq + 1 }
  }

  #saveEra(room: number, { epoch, first }: Era): void {
    this.#file.run('INSERT INTO epochs (room, epoch, first) VALUES (?, ?, ?)', room, epoch, first)
  }

  #eras(room: number): Era[] {
    const rows = this.#file.all('SELECT epoch, first FROM epochs WHERE room = ? ORDER BY first, epoch', room)
    return rows.map(({ epoch, first }) => ({ epoch: String(epoch), first: Number(first) }))
  }

  #room(path: string): { id: number; seq: number } | undefined {
    const row = this.#file.get('SELECT id, seq FROM rooms WHERE path = ?', path)
    return row && { id: Number(row.id), seq: Number(row.seq) }
  }

  #first(room: number, seq: number): number {
    return Number(this.#file.get('SELECT min(seq) AS first FROM events WHERE room = ?', room)?.first ?? seq + 1)
  }

  #newest(room: number, count: number, length: number): StoredEvent[] {
    const sql = 'SELECT seq, time, crc, json FROM events WHERE room = ? ORDER BY seq DESC LIMIT ?'
    return pageOf(this.#file.each(sql, room, count), length).reverse()
  }
}
