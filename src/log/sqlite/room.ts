/**
 * One room of the SQLite log: the newest events as ready frames, appends that wait for the next commit, older events on
 * disk. Nothing is written before there is something to keep; the first commit of a process also saves the epoch.
 * `sqlite.ts` commits for all rooms together.
 */
import { Frame } from '../../delivery/frame.ts'
import { PAGE } from '../../delivery/page.ts'
import { RoomError } from '../../errors.ts'
import { type EpochEntry, locate } from '../lineage.ts'
import {
  type Entry,
  type IdempotencyKey,
  isEmpty,
  type ProducerState,
  type Recalled,
  type Resume,
  type Retention,
  type RoomLog,
  type RoomState,
} from '../log.ts'
import { Recent } from '../recent.ts'
import { CarryQueue } from './carry-queue.ts'
import type { Append, CommitDraft } from './commits.ts'
import { newestWhole, wholePage } from './event.ts'
import { frameOf, Pages } from './pages.ts'
import { isNew, PendingKeys, seqOf } from './pending-keys.ts'
import type { SqliteRoomParts } from './room-parts.ts'
import type { StoredRoom } from './stored.ts'
import { SqliteTrim } from './trim.ts'

/** An entry that is not on disk yet. */
interface PendingEntry {
  readonly entry: Entry
  /** What was appended before the last failure must not be written after it. */
  readonly generation: number
  followers: Entry[] | undefined
}

export class SqliteRoomLog implements RoomLog {
  readonly kept = 'fsync'
  readonly path: string
  readonly #parts: SqliteRoomParts
  /** Its id on disk; `undefined` before its first append. */
  #id: number | undefined
  readonly #epochs: readonly EpochEntry[]
  /** Whether the current epoch is on disk. */
  #isSaved: boolean
  /** The index of its entry in the commit that is being gathered, if it has one. */
  #beginAt = -1
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #closed: () => void
  #pages: Pages | undefined
  readonly #pendingKeys = new PendingKeys()
  /** The newest entry that is not on disk yet, with those that follow it. */
  #latest: PendingEntry | undefined
  #generation = 0
  readonly #carryQueue = new CarryQueue()
  readonly #trim: SqliteTrim
  #next: number
  #time: number
  #isClosed = false
  #onIdle = () => {}

  constructor(
    parts: SqliteRoomParts,
    path: string,
    stored: StoredRoom | undefined,
    retention: Retention,
    closed: () => void,
  ) {
    const { epochs, seq } = stored ?? EMPTY
    const recent = newestWhole(stored?.recent ?? [], seq)
    this.#parts = parts
    this.path = path
    this.#id = stored?.id
    const last = epochs.at(-1)?.epoch
    this.#isSaved = last !== undefined && parts.lives.isOf(last)
    this.#epochs = this.#isSaved
      ? epochs
      : [...epochs, { epoch: parts.lives.begin(path, last, seq + 1), first: seq + 1 }]
    this.#recent = new Recent(seq - recent.length)
    for (const event of recent) this.#recent.push(frameOf(event))
    this.#retention = retention
    this.#closed = closed
    this.#trim = new SqliteTrim(parts.thread, parts.clock, retention, stored)
    this.#next = seq + 1
    this.#time = recent.at(-1)?.time ?? 0
  }

  get epoch(): string {
    return this.#epochs.at(-1)?.epoch ?? ''
  }

  get first(): number {
    return Math.max(this.#trim.stored, this.seq - this.#retention.keep + 1)
  }

  get seq(): number {
    return this.#recent.seq
  }

  get isBehind(): boolean {
    return this.#carryQueue.isFull
  }

  takeState(): RoomState {
    return { storage: new Map(), alarms: new Map() }
  }

  append(entry: Entry): void {
    if (isEmpty(entry)) {
      if (this.#latest) this.#carryQueue.add(this.#latest, entry)
      else entry.kept([])
      return
    }
    const refusal = this.#refusal(entry.keys)
    if (refusal) {
      entry.failed(refusal)
      return
    }
    this.#pendingKeys.add(entry.keys)
    const pending = { entry, generation: this.#generation, followers: undefined }
    this.#latest = pending
    this.#parts.enqueue(this.#append(pending))
  }

  read(after: number, limit: number, bytes: number = PAGE.bytes): readonly Frame[] | Promise<readonly Frame[]> {
    const from = Math.max(after, this.first - 1)
    if (from + 1 >= this.#recent.first) return this.#recent.after(from, limit, bytes)
    return this.#page(from, Math.min(limit, this.#recent.first - 1 - from), bytes)
  }

  locate(epoch: string, seq: number): Resume {
    const { lives } = this.#parts
    return locate({ path: this.path, lives, epochs: this.#epochs, first: this.first, seq: this.seq }, epoch, seq)
  }

  recall(client: string, id: string): Recalled | Promise<Recalled> {
    return this.#id === undefined ? undefined : this.#parts.seenIds.find(this.#id, client, id)
  }

  producer(id: string): undefined | Promise<ProducerState | undefined> {
    return this.#id === undefined ? undefined : this.#parts.thread.call('producer', this.#id, id)
  }

  /** Whether the disk holds more than retention keeps. */
  isStale(slack?: number): boolean {
    return this.#id !== undefined && this.#trim.isDue(this.first, slack)
  }

  /** Removes from disk what retention no longer keeps. */
  async trim(): Promise<void> {
    if (this.#id === undefined) return
    await this.#trim.run(this.#id, () => this.first)
    this.#recent.trim(this.seq - this.first + 1, 0)
  }

  /** Resolves when all appends are written, so that the room may be opened again with the next seq. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#latest) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#closed()
  }

  #refusal(keys: readonly IdempotencyKey[]): RoomError | undefined {
    if (this.#isClosed) return new RoomError('unavailable', 'this room has closed')
    if (this.#pendingKeys.hasAny(keys))
      return new RoomError('unavailable', 'this message is being kept, send it again later')
    return this.#parts.refusal()
  }

  #append(pending: PendingEntry): Append {
    const { drafts, keys, size } = pending.entry
    let frames: Frame[] = []
    return {
      length: drafts.reduce((sum, { data }) => sum + data.length, size),
      prepare: (commit) => {
        if (pending.generation !== this.#generation) throw new Error('an entry before this one could not be kept')
        const time = Math.max(this.#time, this.#parts.clock.now())
        const next = this.#next
        const made = drafts.map(({ type, data }, index) => new Frame(type, data, next + index, time))
        const id = this.#begin(commit)
        for (const [index, { type, data }] of drafts.entries()) commit.events.push(id, next + index, time, type, data)
        for (const key of keys) commit.keys.push({ room: id, key, seq: seqOf(key, made), time })
        // Nothing throws below.
        this.#time = time
        this.#next += made.length
        frames = made
      },
      committed: () => {
        this.#saved()
        for (const frame of frames) this.#recent.push(frame)
        if (frames.length > 0) this.#recent.trim(this.#retention.keep, 0, this.#parts.recentBytes())
        for (const key of keys) if (isNew(key)) this.#parts.seenIds.add(this.#id ?? 0, key.client, key.id)
        this.#finish(pending, () => pending.entry.kept(frames))
        if (this.#trim.isTooMuch(this.first)) void this.trim().catch(() => {})
      },
      failed: (error) => {
        // Its numbers are free again. An entry without numbers must not change those of a running commit.
        if (frames.length > 0) this.#next = this.seq + 1
        this.#generation += 1
        this.#finish(pending, () => pending.entry.failed(error), error)
      },
    }
  }

  /** The first commit stores the room and its epoch. */
  #begin({ begins }: CommitDraft): number {
    this.#id ??= this.#parts.newId()
    const id = this.#id
    const entry = this.#epochs.at(-1)
    // By its index: a search would be quadratic in the rooms that begin in one commit.
    if (this.#isSaved || !entry || begins[this.#beginAt]?.id === id) return id
    this.#beginAt = begins.length
    begins.push({ id, path: this.path, maxAgeMs: this.#retention.maxAgeMs, entry, epochCount: this.#epochs.length })
    return id
  }

  #saved(): void {
    if (this.#isSaved) return
    this.#isSaved = true
    this.#parts.saved(this.path)
  }

  /** Ends an entry, then those that follow it. */
  #finish(pending: PendingEntry, end: () => void, error?: RoomError): void {
    this.#pendingKeys.remove(pending.entry.keys)
    const isLatest = this.#latest === pending
    if (isLatest) this.#latest = undefined
    end()
    this.#carryQueue.end(pending, error)
    if (isLatest) this.#onIdle()
  }

  #page(after: number, limit: number, bytes: number): Promise<readonly Frame[]> {
    const { thread, clock } = this.#parts
    const id = this.#id
    if (id === undefined) return Promise.resolve([])
    this.#pages ??= new Pages(clock)
    const read = async () => wholePage(await thread.page(id, after, this.seq, limit, bytes), after, this.first)
    return this.#pages.get(`${after} ${limit} ${bytes}`, read)
  }
}

const EMPTY: Pick<StoredRoom, 'epochs' | 'seq'> = { epochs: [], seq: 0 }
