/**
 * One room of the SQLite log: the newest events as ready frames, what waits for the next commit, and what lies on disk
 * before. `sqlite.ts` commits for all rooms together.
 */
import type { Clock } from '../clock.ts'
import { RoomError } from '../errors.ts'
import { entry, type Frame } from '../frame.ts'
import { PAGE } from '../page.ts'
import { type Era, locate } from './lineage.ts'
import type { ClientMark, Deliver, Draft, Mark, ProducerState, Recalled, Resume, Retention, RoomLog } from './log.ts'
import type { Recalls } from './recalls.ts'
import { Recent } from './recent.ts'
import type { SqliteLog } from './sqlite.ts'
import type { StoredMark } from './sqlite-memory.ts'
import { frameOf, Pages } from './sqlite-pages.ts'
import type { StoredRoom } from './sqlite-store.ts'
import type { SqliteThread } from './sqlite-thread.ts'

/** Something that waits for a commit. */
export interface Append {
  /** Characters of its events. */
  readonly length: number
  /** Numbers its events and adds them to the commit. */
  prepare(events: (number | string)[], marks: StoredMark[]): void
  committed(): void
  failed(error: Error): void
}

/** An append of this room, from `publish` until it is on disk. */
interface Pending {
  readonly drafts: readonly Draft[]
  readonly marks: readonly Mark[]
  behind: { readonly frame: Frame; readonly except: object | undefined }[] | undefined
  resolve(seq: number): void
  reject(error: Error): void
}

/** Trimming on disk waits until it is worth a transaction. */
const SLACK = 256

export class SqliteRoomLog implements RoomLog {
  readonly kept = 'fsync'
  readonly #log: SqliteLog
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #id: number
  readonly #eras: readonly Era[]
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #deliver: Deliver
  readonly #closed: () => void
  readonly #recalls: Recalls
  readonly #pages: Pages
  /** Messages on their way to the disk. */
  readonly #marked = new Set<string>()
  /** The newest append that is not delivered yet, and the broadcasts said after it. */
  #latest: Pending | undefined
  #stored: number
  #next: number
  #time: number
  #isTrimming = false
  #isClosed = false
  #onIdle = () => {}

  constructor(
    log: SqliteLog,
    thread: SqliteThread,
    clock: Clock,
    recalls: Recalls,
    { id, eras, first, seq, recent }: StoredRoom,
    retention: Retention,
    deliver: Deliver,
    closed: () => void,
  ) {
    this.#log = log
    this.#thread = thread
    this.#clock = clock
    this.#pages = new Pages(clock)
    this.#id = id
    this.#eras = eras
    this.#recent = new Recent(seq - recent.length)
    for (const event of recent) this.#recent.push(frameOf(event))
    this.#retention = retention
    this.#deliver = deliver
    this.#closed = closed
    this.#stored = first
    this.#next = seq + 1
    this.#time = recent.at(-1)?.time ?? 0
    this.#recalls = recalls
  }

  get epoch(): string {
    return this.#eras.at(-1)?.epoch ?? ''
  }

  get first(): number {
    return Math.max(this.#stored, this.seq - this.#retention.keep + 1)
  }

  get seq(): number {
    return this.#recent.seq
  }

  append(drafts: readonly Draft[], marks: readonly Mark[] = []): Promise<number> {
    const refusal = this.#refusal(marks)
    if (refusal) return Promise.reject(refusal)
    for (const mark of marks) if ('client' in mark) this.#marked.add(keyOf(mark))
    return new Promise((resolve, reject) => {
      const pending = { drafts, marks, behind: undefined, resolve, reject }
      this.#latest = pending
      this.#log.enqueue(this.#append(pending))
    })
  }

  carry(frame: Frame, except?: object): void {
    if (!this.#latest) {
      this.#deliver(frame, except)
      return
    }
    this.#latest.behind ??= []
    this.#latest.behind.push({ frame, except })
  }

  read(after: number, limit: number, bytes: number = PAGE.bytes): readonly Frame[] | Promise<readonly Frame[]> {
    const from = Math.max(after, this.first - 1)
    if (from + 1 >= this.#recent.first) return this.#recent.after(from, limit, bytes)
    const count = Math.min(limit, this.#recent.first - 1 - from)
    const { seq } = this
    return this.#pages.get(`${from} ${count} ${bytes}`, () => this.#thread.page(this.#id, from, seq, count, bytes))
  }

  locate(epoch: string, seq: number): Resume {
    return locate(this.#eras, this.first, this.seq, epoch, seq)
  }

  recall(client: string, id: string): Recalled | Promise<Recalled> {
    return this.#recalls.find(this.#id, client, id)
  }

  producer(id: string): Promise<ProducerState | undefined> {
    return this.#thread.ask('producer', this.#id, id)
  }

  /** Removes from disk what retention no longer keeps, a step at a time, with appends between. */
  async trim(): Promise<void> {
    if (this.#isTrimming) return
    this.#isTrimming = true
    try {
      for (let isDone = false; !isDone; ) {
        const now = this.#clock.now()
        const step = await this.#thread.ask('trim', this.#id, this.first, now - this.#retention.maxAgeMs, now)
        this.#stored = step.first
        isDone = step.isDone
      }
    } finally {
      this.#isTrimming = false
    }
    this.#recent.trim(this.seq - this.first + 1, 0)
  }

  /** Waits until all is kept: the room may be opened again right after, and is numbered on from there. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#latest) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#closed()
  }

  #refusal(marks: readonly Mark[]): RoomError | undefined {
    if (this.#isClosed) return new RoomError('unavailable', 'this room has closed')
    // A second event of one message would break the commit of everyone: it waits until the first is known.
    const isTwice = marks.some((mark) => 'client' in mark && this.#marked.has(keyOf(mark)))
    if (isTwice) return new RoomError('unavailable', 'this message is being kept, say it again later')
    return this.#log.refusal
  }

  #append(pending: Pending): Append {
    const { drafts, marks } = pending
    let frames: Frame[] = []
    return {
      length: drafts.reduce((sum, { data }) => sum + data.length, 0),
      prepare: (events, stored) => {
        this.#time = Math.max(this.#time, this.#clock.now())
        frames = drafts.map(({ type, data }) => entry(type, this.#next++, this.#time, data))
        for (const { seq, time, payload } of frames) events.push(this.#id, seq, time, payload as string)
        for (const mark of marks) stored.push({ room: this.#id, mark, seq: seqOf(mark, frames), time: this.#time })
      },
      committed: () => {
        for (const frame of frames) this.#take(frame)
        for (const mark of marks) if ('client' in mark) this.#recalls.add(this.#id, mark.client, mark.id)
        this.#over(pending)
        pending.resolve(frames[0]?.seq ?? this.seq)
      },
      failed: (error) => {
        // Its numbers are free again; what was never numbered must not touch those of a commit under way.
        if (frames.length > 0) this.#next = this.seq + 1
        this.#over(pending)
        pending.reject(error)
      },
    }
  }

  #take(frame: Frame): void {
    this.#recent.push(frame)
    this.#recent.trim(this.#retention.keep, 0, this.#log.recentBytes)
    this.#deliver(frame)
    if (this.first > this.#stored + SLACK) void this.trim().catch(() => {})
  }

  /** What was said behind an append may follow it now, also where it failed. */
  #over(pending: Pending): void {
    for (const mark of pending.marks) if ('client' in mark) this.#marked.delete(keyOf(mark))
    const isLatest = this.#latest === pending
    if (isLatest) this.#latest = undefined
    for (const { frame, except } of pending.behind ?? []) this.#deliver(frame, except)
    if (isLatest) this.#onIdle()
  }
}

/** No two pairs share a key: the length of the first stands before it. */
function keyOf({ client, id }: ClientMark): string {
  return `${client.length}:${client}${id}`
}

function seqOf(mark: Mark, frames: readonly Frame[]): number | undefined {
  return 'client' in mark && mark.draft !== undefined ? frames[mark.draft]?.seq : undefined
}
