/**
 * The database of the SQLite log: its queries, synchronous. It runs in a thread of its own (`worker.ts`) and is the only
 * one that opens the file. `tables.ts` has the tables.
 */
import type { KeptRoom, RoomAlarm, RoomContents } from '../kept-rooms.ts'
import { clearedTo, type EpochEntry } from '../lineage.ts'
import type { LogSpan, ProducerState, Recalled } from '../log.ts'
import type { StoredEvent } from '../stored-event.ts'
import { type Copied, CopiedRows } from './copied-rows.ts'
import { EpochsTable } from './epochs-table.ts'
import { EventsTable } from './events-table.ts'
import { SqliteFile } from './file.ts'
import { SqliteIdempotency } from './idempotency.ts'
import { OldRows } from './old-rows.ts'
import { Removal } from './removal.ts'
import { RoomsTable } from './rooms-table.ts'
import type { ClientIds } from './seen-ids.ts'
import { StateTable } from './state-table.ts'
import type { Commit, Contents, FoundRoom, Life, RoomChanges, StoredRoom, SweptRoom, Trimmed } from './stored.ts'

/** The largest database that is written anew after something was erased: while commits wait, and when it is closed. */
const SCRUB_BYTES = { live: 8 * 1024 ** 2, closing: 128 * 1024 ** 2 }

export class Store {
  readonly #file: SqliteFile
  readonly #events: EventsTable
  readonly #rooms: RoomsTable
  readonly #epochs: EpochsTable
  readonly #state: StateTable
  readonly #idempotency: SqliteIdempotency
  readonly #removal: Removal
  readonly #old: OldRows
  readonly #copied: CopiedRows
  /** When each room was last opened in this process (ms since 1970). */
  readonly #opened = new Map<number, number>()

  /** Copies of what was erased may be left in the file. */
  #mustScrub = false

  constructor(path: string) {
    const file = new SqliteFile(path)
    const events = new EventsTable(file)
    const rooms = new RoomsTable(file)
    const epochs = new EpochsTable(file)
    const state = new StateTable(file)
    const idempotency = new SqliteIdempotency(file)
    this.#file = file
    this.#events = events
    this.#rooms = rooms
    this.#epochs = epochs
    this.#state = state
    this.#idempotency = idempotency
    this.#removal = new Removal(file, epochs)
    this.#old = new OldRows({ file, events, rooms, epochs, idempotency })
    this.#copied = new CopiedRows({ file, events, epochs, state, idempotency })
  }

  /** What a log needs to know at its start; the paths only if there are at most `limit` rooms. */
  start(limit: number): Contents {
    return { ...this.#rooms.start(limit), lives: this.#epochs.lives(), key: this.#epochs.key() }
  }

  live(life: Life): void {
    this.#file.transaction(() => this.#epochs.live(life))
  }

  /**
   * A room on disk; `undefined` if it was never written. Writes nothing. `recent`: how many of its newest events to
   * read.
   */
  open(path: string, now: number, recent: { count: number; bytes: number }): StoredRoom | undefined {
    const room = this.#rooms.find(path)
    if (!room) return undefined
    this.#opened.set(room.id, now)
    const epochs = this.#epochs.of(room.id)
    return {
      ...room,
      ...this.#old.ageOf(room.id),
      epochs,
      first: this.#events.oldest(room.id)?.seq ?? room.seq + 1,
      recent: this.#events.newest(room.id, clearedTo(epochs), recent.count, recent.bytes),
      state: this.#state.of(room.id),
      ids: this.#idempotency.count(room.id),
    }
  }

  /** The span of a room's log, without opening it. */
  peek(path: string): LogSpan | undefined {
    const room = this.#rooms.find(path)
    if (!room) return undefined
    const epochs = this.#epochs.of(room.id)
    const first = Math.max(clearedTo(epochs), this.#events.oldest(room.id)?.seq ?? room.seq + 1)
    return { epoch: epochs.at(-1)?.epoch ?? '', first, seq: room.seq }
  }

  /** Writes all of it or nothing; on disk when this returns. */
  commit({ now, life, begins, events, keys, changes }: Commit): void {
    this.#file.transaction(() => {
      if (life !== undefined) this.#epochs.live(life)
      for (const begin of begins) this.#epochs.begin(begin)
      const newest = this.#events.keep(events)
      for (const [room, seq] of newest) this.#rooms.appended(room, seq, now)
      for (const key of keys) this.#idempotency.keep(key)
      for (const change of changes) this.#change(change)
      const others = [
        ...begins.map(({ id }) => id),
        ...keys.map(({ room }) => room),
        ...changes.map(({ room }) => room),
      ]
      for (const room of new Set(others)) if (!newest.has(room)) this.#rooms.changed(room, now)
    })
  }

  /** A page of events after `after` up to `upTo`, oldest first, within `bytes`. Throws if one is damaged. */
  read(...page: Parameters<EventsTable['page']>): StoredEvent[] {
    return this.#events.page(...page)
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

  alarms(limit: number, after?: RoomAlarm): RoomAlarm[] {
    return this.#state.alarms(limit, after)
  }

  keptRooms(limit: number, after?: string): KeptRoom[] {
    return this.#state.rooms(limit, after)
  }

  contents(path: string): RoomContents | undefined {
    const room = this.#rooms.find(path)
    return room && this.#state.contents(room.id)
  }

  /**
   * Removes one step of what is before `first` or older than `maxAgeMs`. Returns the oldest event left and its time.
   * Writes nothing if nothing is old.
   */
  trim(...which: Parameters<OldRows['trim']>): Trimmed {
    return this.#file.transaction(() => this.#old.trim(...which))
  }

  /** Rooms on disk after `id`, for the sweep of those that are not open. */
  rooms(after: number, limit: number): SweptRoom[] {
    return this.#rooms.after(after, limit)
  }

  /** Rooms are in use now (ms since 1970), and may be forgotten after so many ms. */
  use(rooms: readonly { id: number; forgetAfterMs: number | undefined }[], now: number): void {
    this.#file.transaction(() => this.#rooms.use(rooms, now))
  }

  /** Removes a room that is empty and was not opened since `since` (ms since 1970). Returns whether it did. */
  drop(room: number, since: number): boolean {
    const isEmpty = !this.#events.oldest(room) && !this.#state.has(room)
    const isKnown = this.#file.get('SELECT 1 FROM answers WHERE room = ? LIMIT 1', room)
    const begun = Number.parseInt(this.#epochs.of(room).at(-1)?.epoch.slice(0, 12) ?? '0', 16)
    if (!isEmpty || isKnown || Math.max(begun, this.#opened.get(room) ?? 0) >= since) return false
    this.#opened.delete(room)
    while (!this.#removal.step(room));
    return true
  }

  /** What is at a path, for who erases it. */
  find(path: string): FoundRoom | undefined {
    const room = this.#rooms.find(path)
    return room && { ...room, epochs: this.#epochs.of(room.id) }
  }

  /** Puts an empty room of the id `to` in the place of one. */
  replace(room: number, to: number, begun: readonly EpochEntry[]): void {
    this.#removal.replace(room, to, begun)
    this.#opened.delete(room)
  }

  /** Removes some of a room that was replaced. Returns whether nothing is left. */
  remove(room: number): boolean {
    return this.#removal.step(room)
  }

  /** Removes what was overwritten from the files: at once if the database is small, else when it is closed. */
  scrub(): void {
    this.#mustScrub = !this.#file.scrub(SCRUB_BYTES.live)
  }

  /** Writes and removes a row. Throws if the disk cannot be written. */
  probe(): void {
    this.#file.transaction(() => {
      this.#file.exec('CREATE TABLE probe (at INTEGER); INSERT INTO probe VALUES (1); DROP TABLE probe;')
    })
  }

  /** What is written from now on is a copy, of use only when it is whole: it need not be on disk after each commit. */
  beginCopied(): void {
    this.#file.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;')
  }

  /** Writes what another log has kept. */
  copied(all: readonly Copied[]): void {
    this.#file.transaction(() => this.#copied.keep(all))
  }

  copy(file: string): Promise<void> {
    return this.#file.copy(file)
  }

  endCopy(): Promise<void> {
    return this.#file.endCopy()
  }

  close(): void {
    try {
      if (this.#mustScrub) this.#file.scrub(SCRUB_BYTES.closing)
    } finally {
      this.#file.close()
    }
  }

  #change(change: RoomChanges): void {
    const { room, redacted } = change
    this.#state.keep(change)
    for (const seq of redacted) {
      const time = this.#events.redact(room, seq)
      if (time !== undefined) this.#idempotency.redact(room, seq, time)
    }
  }
}
