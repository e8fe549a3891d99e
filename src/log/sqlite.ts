/**
 * The durable log, in one SQLite file: what was published in a turn, in all rooms, is committed together, and delivered
 * and acknowledged only when the disk has it. While one commit runs the next is gathered, so the busier the server, the
 * larger the commits. `sqlite-room.ts` is one room of it, `sqlite-thread.ts` the way to the file.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { RoomLogger } from '../define.ts'
import { RoomError } from '../errors.ts'
import { makeFolder } from './folder.ts'
import type { Deliver, Log, Retention, RoomLog, Stand } from './log.ts'
import { MemoryLog } from './memory.ts'
import { Recalls } from './recalls.ts'
import type { StoredMark } from './sqlite-memory.ts'
import { type Append, SqliteRoomLog } from './sqlite-room.ts'
import type { Commit, StoredRoom } from './sqlite-store.ts'
import { SqliteThread } from './sqlite-thread.ts'
import { isBreaking, isUnwritable, mustBeSound, openMistake } from './sqlite-trouble.ts'

const FILE = 'corridor.db'
/** Bytes of events kept as ready frames, in all rooms and at least in each. */
const RECENT_BYTES = { all: 256 * 1024 * 1024, least: 64 * 1024, most: 8 * 1024 * 1024 }
const RECENT_COUNT = 10_000
/** Appends that may wait for the disk, and characters of theirs; beyond it, they are refused. */
const MAX_WAITING = { appends: 100_000, length: 64 * 1024 * 1024 }
/** While the disk takes no writes, it is asked again so often. */
const PROBE_MS = 1000
const SWEEP_MS = 10_000
const SWEEP_ROOMS = 50
const WEEK_MS = 7 * 86_400_000
const OLD = 'old events could not be removed'

export class SqliteLog implements Log {
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #logger: RoomLogger
  readonly #memory: MemoryLog
  readonly #rooms = new Map<string, SqliteRoomLog>()
  readonly #recalls: Recalls
  readonly #stopSweeping: () => void
  readonly #onCommit: (seconds: number) => void
  #queue: Append[] = []
  #queued = 0
  #isCommitting = false
  #idle: (() => void) | undefined
  #trouble: string | undefined
  /** It stays so until a restart. */
  #isBroken = false
  #isSweeping = false
  #sweptTo = 0

  private constructor(thread: SqliteThread, clock: Clock, logger: RoomLogger, onCommit: (seconds: number) => void) {
    this.#onCommit = onCommit
    this.#thread = thread
    this.#clock = clock
    this.#logger = logger
    this.#memory = new MemoryLog(clock)
    this.#recalls = new Recalls({
      ids: (...which) => thread.ask('ids', ...which),
      answer: (...which) => thread.ask('answer', ...which),
    })
    this.#stopSweeping = clock.every(SWEEP_MS, () => void this.#sweep())
  }

  /**
   * Opens the log of a folder, making it where it is missing. Rejects with what is wrong with the folder or file.
   * `onCommit` is told how long each commit took.
   */
  static async open(
    folder: string,
    clock: Clock,
    logger: RoomLogger,
    onCommit: (seconds: number) => void = () => {},
  ): Promise<SqliteLog> {
    mustBeSound(process.versions.sqlite)
    makeFolder(folder)
    const thread = new SqliteThread(join(folder, FILE))
    await thread.opened.catch((error: Error) => {
      throw new Error(`${join(folder, FILE)}: ${openMistake(error)}`)
    })
    return new SqliteLog(thread, clock, logger, onCommit)
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  async open(path: string, retention: Retention, deliver: Deliver): Promise<RoomLog> {
    if (!retention.durable) return this.#memory.open(path, retention, deliver)
    const stored = await this.#read(path, retention)
    const room: SqliteRoomLog = new SqliteRoomLog(
      this,
      this.#thread,
      this.#clock,
      this.#recalls,
      stored,
      retention,
      deliver,
      () => {
        if (this.#rooms.get(path) === room) this.#rooms.delete(path)
      },
    )
    this.#rooms.set(path, room)
    if (!this.#trouble) await room.trim().catch((error) => this.#logger.warn({ err: error }, OLD))
    return room
  }

  async peek(path: string): Promise<Stand | undefined> {
    return this.#rooms.get(path) ?? this.#memory.peek(path) ?? (await this.#thread.ask('peek', path))
  }

  /** What one room may hold in memory now. */
  get recentBytes(): number {
    const share = RECENT_BYTES.all / (this.#rooms.size + 1)
    return Math.min(RECENT_BYTES.most, Math.max(RECENT_BYTES.least, share))
  }

  /** Why an append cannot be taken now. */
  get refusal(): RoomError | undefined {
    if (this.#trouble) return new RoomError('unavailable', 'nothing can be kept now, say it again later')
    if (this.#queue.length < MAX_WAITING.appends && this.#queued < MAX_WAITING.length) return undefined
    return new RoomError('unavailable', 'the log is behind, say it again later')
  }

  /** Takes an append into the next commit; it is told by its own `committed` or `failed`. Ask for a `refusal` before. */
  enqueue(append: Append): void {
    this.#queue.push(append)
    this.#queued += append.length
    if (this.#queue.length === 1 && !this.#isCommitting) setImmediate(() => void this.#commit())
  }

  async close(): Promise<void> {
    this.#stopSweeping()
    if (this.#isCommitting || this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#thread
      .ask('close')
      .catch((error) => this.#logger.error({ err: error }, 'the log was not closed cleanly'))
  }

  /** Commits what is gathered, and what is gathered meanwhile. */
  async #commit(): Promise<void> {
    if (this.#isCommitting) return
    this.#isCommitting = true
    while (this.#queue.length > 0) {
      const appends = this.#take()
      // Numbered only now: what failed before has left no hole.
      const events: (number | string)[] = []
      const marks: StoredMark[] = []
      for (const append of appends) append.prepare(events, marks)
      if (await this.#write({ events, marks })) {
        for (const append of appends) append.committed()
        continue
      }
      // What came meanwhile is not tried: after a failed sync a second one proves nothing.
      const failed = new RoomError('unavailable', 'this could not be kept, say it again later')
      for (const append of [...appends, ...this.#take()]) append.failed(failed)
    }
    this.#isCommitting = false
    this.#idle?.()
  }

  #take(): Append[] {
    const appends = this.#queue
    this.#queue = []
    this.#queued = 0
    return appends
  }

  async #write(commit: Commit): Promise<boolean> {
    if (commit.events.length === 0 && commit.marks.length === 0) return true
    const startedMs = this.#clock.monotonic()
    try {
      await this.#thread.ask('commit', commit)
      this.#onCommit((this.#clock.monotonic() - startedMs) / 1000)
      return true
    } catch (error) {
      this.#fail(error as Error)
      return false
    }
  }

  /** A room as it lies on disk. Where the disk takes no writes it is found all the same, as long as it is known. */
  async #read(path: string, { keep, maxAgeMs }: Retention): Promise<StoredRoom> {
    const recent = { count: Math.min(keep, RECENT_COUNT), bytes: this.recentBytes }
    const ask = (mayWrite: boolean) => this.#thread.ask('open', path, this.#clock.now(), maxAgeMs, recent, mayWrite)
    if (this.#trouble) return ask(false)
    return ask(true).catch((error) => {
      if (!isUnwritable(error)) throw error
      this.#fail(error)
      return ask(false)
    })
  }

  /** The disk took no write. A failed sync is never tried again: what it lost, a second one would not tell. */
  #fail(error: Error): void {
    const isProbing = this.#trouble !== undefined
    this.#trouble = error.message
    this.#isBroken ||= isBreaking(error)
    this.#logger.error(
      { err: error },
      this.#isBroken ? 'the log cannot be written until a restart' : 'the log cannot be written now',
    )
    if (!this.#isBroken && !isProbing) this.#clock.after(PROBE_MS, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    try {
      await this.#thread.ask('probe')
      if (this.#isBroken) return
      this.#trouble = undefined
      this.#logger.info('the log can be written again')
    } catch (error) {
      if (isBreaking(error)) this.#fail(error as Error)
      else this.#clock.after(PROBE_MS, () => void this.#probe())
    }
  }

  /** Cleans a few rooms: the open ones by their settings, the others by how long they asked their events to be kept. */
  async #sweep(): Promise<void> {
    if (this.#trouble || this.#isSweeping) return
    this.#isSweeping = true
    try {
      for (const room of this.#rooms.values()) await room.trim()
      const rooms = await this.#thread.ask('rooms', this.#sweptTo, SWEEP_ROOMS)
      const now = this.#clock.now()
      for (const { id, path, maxAge } of rooms) {
        this.#sweptTo = id
        if (this.#rooms.has(path)) continue
        await this.#thread.ask('trim', id, 0, now - maxAge, now)
        await this.#thread.ask('drop', id, now - WEEK_MS)
      }
      if (rooms.length < SWEEP_ROOMS) this.#sweptTo = 0
    } catch (error) {
      this.#logger.warn({ err: error }, OLD)
    } finally {
      this.#isSweeping = false
    }
  }
}
