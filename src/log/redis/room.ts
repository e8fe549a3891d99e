/**
 * One room of the Redis log in one opening: the newest events as ready frames, older events in Redis. Nothing is written
 * before there is something to keep. `room-commits.ts` has the entries on their way, `redis.ts` opens rooms.
 */
import type { Frame } from '../../delivery/frame.ts'
import { PAGE } from '../../delivery/page.ts'
import { errorOf } from '../../thrown.ts'
import { locate } from '../lineage.ts'
import type {
  Changes,
  Entry,
  IdempotencyKey,
  Kept,
  ProducerState,
  Recalled,
  Resume,
  Retention,
  RoomLog,
  RoomState,
} from '../log.ts'
import { frameOf, Pages } from '../pages.ts'
import { isNew } from '../pending-keys.ts'
import { Recent } from '../recent.ts'
import { REDACTED, redactedFrame } from '../redacted.ts'
import { newestWhole, wholePage } from '../stored-event.ts'
import { bucketOf } from './keys.ts'
import { list, text } from './reply.ts'
import { RoomCommits } from './room-commits.ts'
import { RoomEpochs } from './room-epochs.ts'
import { RoomIds } from './room-ids.ts'
import type { RedisRoomParts } from './room-parts.ts'
import { page as pageScript } from './scripts/page.ts'
import { type StoredRoom, storedEvent } from './stored-room.ts'
import { trim } from './trim.ts'

export class RedisRoomLog implements RoomLog {
  readonly path: string
  readonly #key: string
  readonly #parts: RedisRoomParts
  readonly #epochs: RoomEpochs
  readonly #commits: RoomCommits
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #ids: RoomIds
  readonly #closed: () => void
  readonly #lost: (reason: string) => void
  #pages: Pages | undefined
  #state: RoomState | undefined
  #first: number
  /** How well the last commit is kept. */
  #kept: Kept
  #trimming: Promise<void> | undefined
  /** When something is too old, by the server's clock. */
  #dueAt = 0

  /** `closed`: it has closed; `lost`: it keeps nothing more. */
  constructor(
    parts: RedisRoomParts,
    path: string,
    stored: StoredRoom,
    retention: Retention,
    { closed, lost }: { closed: () => void; lost: (reason: string) => void },
  ) {
    const recent = newestWhole(stored.recent, stored.seq)
    this.#parts = parts
    this.path = path
    this.#key = bucketOf(path)
    this.#epochs = new RoomEpochs(parts.epochs, path, stored.epochs, stored.seq)
    this.#recent = new Recent(stored.seq - recent.length)
    for (const event of recent) this.#recent.push(frameOf(event))
    this.#retention = retention
    this.#ids = new RoomIds(path, this.#key, { ...parts, calls: parts.questions })
    this.#closed = closed
    this.#lost = lost
    this.#state = { storage: new Map(stored.storage), alarms: new Map(stored.alarms) }
    this.#first = stored.first
    this.#kept = parts.durability.level(stored.runId)
    this.#commits = this.#newCommits(stored)
  }

  get epoch(): string {
    return this.#epochs.current
  }

  get first(): number {
    return Math.max(this.#first, this.#epochs.clearedTo, this.seq - this.#retention.keep + 1)
  }

  get seq(): number {
    return this.#recent.seq
  }

  get kept(): Kept {
    return this.#kept
  }

  get isBehind(): boolean {
    return this.#commits.isBehind
  }

  takeState(): RoomState {
    const state = this.#state ?? { storage: new Map(), alarms: new Map() }
    this.#state = undefined
    return state
  }

  append(entry: Entry): void {
    this.#commits.append(entry)
  }

  read(after: number, limit: number, bytes: number = PAGE.bytes): readonly Frame[] | Promise<readonly Frame[]> {
    const from = Math.max(after, this.first - 1)
    if (from + 1 >= this.#recent.first) return this.#recent.after(from, limit, bytes)
    return this.#page(from, Math.min(limit, this.#recent.first - 1 - from), bytes)
  }

  locate(epoch: string, seq: number): Resume {
    const { path, first } = this
    return locate({ path, lives: this.#parts.epochs, epochs: this.#epochs.all, first, seq: this.seq }, epoch, seq)
  }

  recall(client: string, id: string): Recalled | Promise<Recalled> {
    return this.#ids.find(client, id)
  }

  async producer(id: string): Promise<ProducerState | undefined> {
    const kept = await this.#parts.questions.command('HGET', `${this.#key}p${this.path}`, id)
    if (kept === null) return undefined
    const [epoch, seq] = text(kept).split(' ')
    return { epoch: Number(epoch), seq: Number(seq) }
  }

  /** How long it is kept without use. */
  get forgetAfterMs(): number | undefined {
    return this.#retention.forgetAfterMs
  }

  get maxAgeMs(): number {
    return this.#retention.maxAgeMs
  }

  /** Redis may have lost something. */
  checkRun(runIds: readonly string[]): Promise<void> {
    return this.#commits.checkRun(runIds)
  }

  /** Removes what retention no longer keeps, if something is due. */
  trim(): Promise<void> {
    if (this.#dueAt > this.#parts.clock.now() || this.#commits.at.epoch === '') return Promise.resolve()
    this.#trimming ??= this.#trim().finally(() => {
      this.#trimming = undefined
    })
    return this.#trimming
  }

  async #trim(): Promise<void> {
    const { path, maxAgeMs, forgetAfterMs } = this
    const trimmed = await trim({
      path,
      key: this.#key,
      calls: this.#parts.calls,
      maxAgeMs,
      forgetAfterMs,
      epoch: () => this.#commits.at.epoch,
      keepFrom: () => this.first,
    })
    if (!trimmed) return
    this.#commits.ids = trimmed.ids
    this.#first = Math.max(this.#first, trimmed.first)
    this.#recent.trim(this.seq - this.first + 1, 0)
    this.#pages = undefined
    this.#dueAt = Math.min(
      trimmed.dueAt,
      this.#parts.clock.now() + Math.min(maxAgeMs, (forgetAfterMs ?? LATEST_MS) / 2, LATEST_MS),
    )
  }

  /** Resolves when all appends are kept, so that the room may be opened again with the next seq. */
  async close(): Promise<void> {
    await this.#commits.close()
    this.#closed()
  }

  /** The room is erased: it keeps nothing more. */
  giveUp(reason: string): void {
    this.#commits.giveUp(reason)
  }

  #newCommits(stored: StoredRoom): RoomCommits {
    return new RoomCommits(
      {
        path: this.path,
        retention: this.#retention,
        parts: this.#parts,
        epochs: this.#epochs,
        kept: (frames, keys, changes, kept) => {
          this.#kept = kept
          this.#keep(frames, keys, changes)
        },
        refused: (key) => {
          if ('client' in key) this.#ids.forget(key.client)
        },
        lost: (reason) => this.#lost(reason),
      },
      stored,
    )
  }

  #keep(frames: readonly Frame[], keys: readonly IdempotencyKey[], changes: Changes | undefined): void {
    if (changes?.alarms) this.#parts.alarmsChanged(this.path)
    for (const frame of frames) this.#recent.push(frame)
    if (frames.length > 0) this.#recent.trim(this.#retention.keep, 0, this.#parts.recentBytes())
    for (const key of keys) if (isNew(key)) this.#ids.add(key.client, key.id)
    if (changes?.clearsHistory) {
      this.#recent.trim(frames.length, 0)
      this.#pages = undefined
    }
    for (const seq of changes?.redacted ?? []) this.#redact(seq)
  }

  #redact(seq: number): void {
    const frame = this.#recent.at(seq)
    if (frame && frame.type !== REDACTED) this.#recent.replace(redactedFrame(seq, frame.time))
    this.#pages = undefined
  }

  #page(after: number, limit: number, bytes: number): Promise<readonly Frame[]> {
    this.#pages ??= new Pages(this.#parts.clock)
    return this.#pages.get(`${after} ${limit} ${bytes}`, async () => {
      const { at, nextEpoch = at.epoch } = this.#commits
      const args = [this.path, at.epoch, nextEpoch, after, this.seq, limit, bytes]
      const [kind, events] = list(await this.#parts.questions.run(pageScript, this.#key, args))
      try {
        if (text(kind) !== 'ok') throw new Error('expected the epoch of this opening in Redis, got another')
        return wholePage(list(events).map(storedEvent), after, this.first)
      } catch (error) {
        this.#commits.doubt(errorOf(error).message)
        throw error
      }
    })
  }
}

/** Something may be due at this interval at the latest. */
const LATEST_MS = 600_000
