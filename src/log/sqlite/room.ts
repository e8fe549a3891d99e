/**
 * One room of the SQLite log: the newest events as ready frames, older events on disk. Nothing is written before there is
 * something to keep; the first commit of a process also saves the epoch. `room-appends.ts` has the entries that wait for
 * their commit, `sqlite.ts` commits for all rooms together.
 */
import type { Frame } from '../../delivery/frame.ts'
import { PAGE } from '../../delivery/page.ts'
import { locate } from '../lineage.ts'
import type { Changes, Entry, ProducerState, Recalled, Resume, Retention, RoomLog, RoomState } from '../log.ts'
import { frameOf, Pages } from '../pages.ts'
import { Recent } from '../recent.ts'
import { REDACTED, redactedFrame } from '../redacted.ts'
import { newestWhole, wholePage } from '../stored-event.ts'
import { RoomAppends } from './room-appends.ts'
import { RoomEpochs } from './room-epochs.ts'
import type { SqliteRoomParts } from './room-parts.ts'
import type { StoredRoom, StoredState } from './stored.ts'
import { SqliteTrim } from './trim.ts'

export class SqliteRoomLog implements RoomLog {
  readonly kept = 'fsync'
  readonly path: string
  readonly #parts: SqliteRoomParts
  /** Its id on disk; `undefined` before its first append. */
  #id: number | undefined
  readonly #epochs: RoomEpochs
  readonly #appends: RoomAppends
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #closed: () => void
  #pages: Pages | undefined
  readonly #trim: SqliteTrim
  #state: StoredState | undefined

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
    this.#epochs = new RoomEpochs(parts.lives, path, retention, epochs, seq)
    this.#recent = new Recent(seq - recent.length)
    for (const event of recent) this.#recent.push(frameOf(event))
    this.#retention = retention
    this.#closed = closed
    this.#trim = new SqliteTrim(parts.thread, parts.clock, retention, stored)
    this.#state = stored?.state
    this.#appends = this.#newAppends(recent.at(-1)?.time ?? 0, stored?.ids ?? 0)
  }

  get epoch(): string {
    return this.#epochs.current
  }

  get first(): number {
    return Math.max(this.#trim.stored, this.#epochs.clearedTo, this.seq - this.#retention.keep + 1)
  }

  get seq(): number {
    return this.#recent.seq
  }

  get isBehind(): boolean {
    return this.#appends.isBehind
  }

  /** How long it is kept without use; its id, if it is on disk. */
  get use(): { id: number | undefined; forgetAfterMs: number | undefined } {
    return { id: this.#id, forgetAfterMs: this.#retention.forgetAfterMs }
  }

  takeState(): RoomState {
    const { storage = [], alarms = [] } = this.#state ?? {}
    this.#state = undefined
    return { storage: new Map(storage), alarms: new Map(alarms) }
  }

  append(entry: Entry): void {
    this.#appends.append(entry)
  }

  read(after: number, limit: number, bytes: number = PAGE.bytes): readonly Frame[] | Promise<readonly Frame[]> {
    const from = Math.max(after, this.first - 1)
    if (from + 1 >= this.#recent.first) return this.#recent.after(from, limit, bytes)
    return this.#page(from, Math.min(limit, this.#recent.first - 1 - from), bytes)
  }

  locate(epoch: string, seq: number): Resume {
    const { lives } = this.#parts
    return locate({ path: this.path, lives, epochs: this.#epochs.all, first: this.first, seq: this.seq }, epoch, seq)
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
    await this.#trim.run(
      this.#id,
      () => this.first,
      (ids) => this.#appends.forgot(ids),
    )
    this.#recent.trim(this.seq - this.first + 1, 0)
  }

  /** Resolves when all appends are written, so that the room may be opened again with the next seq. */
  async close(): Promise<void> {
    await this.#appends.close()
    this.#closed()
  }

  #newAppends(time: number, ids: number): RoomAppends {
    const seq = () => this.seq
    return new RoomAppends(
      {
        parts: this.#parts,
        epochs: this.#epochs,
        mostIds: this.#retention.ids,
        id: () => {
          this.#id ??= this.#parts.newId()
          return this.#id
        },
        get seq() {
          return seq()
        },
        begun: () => this.#parts.saved(this.path),
        changed: (frames, changes) => this.#changed(frames, changes),
        ended: () => {
          if (this.#trim.isTooMuch(this.first)) void this.trim().catch(() => {})
        },
      },
      time,
      ids,
    )
  }

  /** These are on disk. */
  #changed(frames: readonly Frame[], changes: Changes | undefined): void {
    for (const frame of frames) this.#recent.push(frame)
    if (frames.length > 0) this.#recent.trim(this.#retention.keep, 0, this.#parts.recentBytes())
    if (changes?.clearsHistory) this.#clear(frames.length)
    if (changes?.redacted?.length) this.#redact(changes.redacted)
  }

  /** Only the newest `count` events are kept. */
  #clear(count: number): void {
    this.#recent.trim(count, 0)
    this.#pages = undefined
    this.#trim.hasten()
    void this.trim().then(this.#parts.scrub, () => {})
  }

  #redact(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const frame = this.#recent.at(seq)
      if (frame && frame.type !== REDACTED) this.#recent.replace(redactedFrame(seq, frame.time))
    }
    this.#pages = undefined
    this.#parts.scrub()
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
