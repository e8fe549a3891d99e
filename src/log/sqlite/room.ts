/**
 * One room of the SQLite log: the newest events as ready frames, appends that wait for the next commit, older events on
 * disk. Nothing is written before there is something to keep; the first commit of a process also saves the epoch.
 * `sqlite.ts` commits for all rooms together.
 */
import { Frame } from '../../delivery/frame.ts'
import { PAGE } from '../../delivery/page.ts'
import { RoomError } from '../../errors.ts'
import { type EpochEntry, locate } from '../lineage.ts'
import type { Deliver, Draft, IdempotencyKey, ProducerState, Recalled, Resume, Retention, RoomLog } from '../log.ts'
import { pairKey } from '../pair-key.ts'
import { Recent } from '../recent.ts'
import { type Carried, CarryQueue } from './carry-queue.ts'
import type { Append, CommitDraft } from './commits.ts'
import { newestWhole, wholePage } from './event.ts'
import { frameOf, Pages } from './pages.ts'
import type { SqliteRoomParts } from './room-parts.ts'
import type { StoredRoom } from './stored.ts'
import { SqliteTrim } from './trim.ts'

/** An append that is not on disk yet. */
interface PendingAppend {
  readonly drafts: readonly Draft[]
  readonly keys: readonly IdempotencyKey[]
  carried: Carried[] | undefined
  resolve(seq: number): void
  reject(error: Error): void
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
  readonly #deliver: Deliver
  readonly #closed: () => void
  #pages: Pages | undefined
  /** Keys of messages that are being written. */
  readonly #pendingKeys = new Set<string>()
  /** The newest append that is not delivered yet, with the frames to deliver after it. */
  #latest: PendingAppend | undefined
  readonly #carryQueue = new CarryQueue()
  readonly #trim: SqliteTrim
  #next: number
  #time: number
  #isClosed = false
  #onIdle = () => {}

  /** `stored`: the room on disk. `deliver` must not throw. */
  constructor(
    parts: SqliteRoomParts,
    path: string,
    stored: StoredRoom | undefined,
    retention: Retention,
    deliver: Deliver,
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
    this.#deliver = deliver
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

  append(drafts: readonly Draft[], keys: readonly IdempotencyKey[] = []): Promise<number> {
    const refusal = this.#refusal(keys)
    if (refusal) return Promise.reject(refusal)
    for (const key of keys) if ('client' in key) this.#pendingKeys.add(pairKey(key.client, key.id))
    return new Promise((resolve, reject) => {
      const pending = { drafts, keys, carried: undefined, resolve, reject }
      this.#latest = pending
      this.#parts.enqueue(this.#append(pending))
    })
  }

  carry(frame: Frame, except?: object): void {
    if (!this.#latest) {
      this.#deliver(frame, except)
      return
    }
    this.#carryQueue.add(this.#latest, { frame, except })
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
    // The same key twice would fail the commit for everyone; the retry must wait for the first.
    const isTwice = keys.some((key) => 'client' in key && this.#pendingKeys.has(pairKey(key.client, key.id)))
    if (isTwice) return new RoomError('unavailable', 'this message is being kept, send it again later')
    return this.#parts.refusal()
  }

  #append(pending: PendingAppend): Append {
    const { drafts, keys } = pending
    let frames: Frame[] = []
    return {
      length: drafts.reduce((sum, { data }) => sum + data.length, 0),
      prepare: (commit) => {
        if (drafts.length === 0 && keys.length === 0) return
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
        if (drafts.length > 0 || keys.length > 0) this.#saved()
        for (const frame of frames) this.#deliverKept(frame)
        for (const key of keys) if ('client' in key) this.#parts.seenIds.add(this.#id ?? 0, key.client, key.id)
        this.#finish(pending)
        pending.resolve(frames[0]?.seq ?? this.seq)
      },
      failed: (error) => {
        // Its numbers are free again. An append without numbers must not change those of a running commit.
        if (frames.length > 0) this.#next = this.seq + 1
        this.#finish(pending)
        pending.reject(error)
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

  #deliverKept(frame: Frame): void {
    this.#recent.push(frame)
    this.#recent.trim(this.#retention.keep, 0, this.#parts.recentBytes())
    this.#deliver(frame)
    if (this.#trim.isTooMuch(this.first)) void this.trim().catch(() => {})
  }

  /** Ends an append, also a failed one, and delivers the frames that waited for it. */
  #finish(pending: PendingAppend): void {
    for (const key of pending.keys) if ('client' in key) this.#pendingKeys.delete(pairKey(key.client, key.id))
    const isLatest = this.#latest === pending
    if (isLatest) this.#latest = undefined
    this.#carryQueue.deliver(pending, this.#deliver)
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

function seqOf(key: IdempotencyKey, frames: readonly Frame[]): number | undefined {
  return 'client' in key && key.draft !== undefined ? frames[key.draft]?.seq : undefined
}
