/**
 * The durable log, in one SQLite file. What all rooms published in one turn of the event loop is committed together,
 * and delivered and acknowledged only once it is on disk. While one commit runs the next is gathered, so commits grow
 * with the load. `room.ts` is one room, `thread.ts` leads to the file.
 */
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { RoomError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { errorOf } from '../../thrown.ts'
import { Lives } from '../epoch.ts'
import type { Log, LogSpan, Retention, RoomLog } from '../log.ts'
import { MemoryLog } from '../memory.ts'
import { SqliteCommits } from './commits.ts'
import { makeFolder } from './folder.ts'
import { isBreaking, isUnwritable, mustBeSound, openMistake } from './result-codes.ts'
import { SqliteRoomLog } from './room.ts'
import type { SqliteRoomParts } from './room-parts.ts'
import { fingerprint, SeenIds } from './seen-ids.ts'
import type { Commit, Contents } from './stored.ts'
import { SqliteSweep } from './sweep.ts'
import { SqliteThread } from './thread.ts'

const FILE = 'corridor.db'
/** Bytes of events kept as ready frames: in all rooms together, and at least and at most in each. */
const RECENT_BYTES = { all: 256 * 1024 * 1024, least: 64 * 1024, most: 8 * 1024 * 1024 }
const RECENT_COUNT = 10_000
/** While the disk cannot be written, it is tried again this often. */
const PROBE_MS = 1000
/** A commit that takes longer is reported as trouble while it lasts. */
const HUNG_MS = 10_000
/** The most rooms on disk whose fingerprints are in memory, so that a new room opens without a query. */
const KNOWN_ROOMS = 500_000

export class SqliteLog implements Log {
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #logger: RoomLogger
  readonly #memory: MemoryLog
  readonly #rooms = new Map<string, SqliteRoomLog>()
  readonly #seenIds: SeenIds
  readonly #sweep: SqliteSweep
  readonly #commits: SqliteCommits
  readonly #onCommit: (seconds: number) => void
  /** Fingerprints of the paths on disk; `undefined` if there are too many. */
  #known: Set<number> | undefined
  #lastId: number
  readonly #parts: SqliteRoomParts
  readonly #lives: Lives
  #savedLife: string | undefined
  /** When the running commit began (monotonic ms). */
  #committingMs: number | undefined
  #trouble: string | undefined
  /** The log cannot be written until a restart. */
  #isBroken = false

  private constructor(
    thread: SqliteThread,
    { lastId, paths, lives }: Contents,
    clock: Clock,
    random: Random,
    logger: RoomLogger,
    onCommit: (seconds: number) => void,
  ) {
    this.#onCommit = onCommit
    this.#thread = thread
    this.#clock = clock
    this.#logger = logger
    this.#lastId = lastId
    this.#known = paths && new Set(paths)
    this.#lives = new Lives(clock.now(), random, lives)
    this.#memory = new MemoryLog(clock, random)
    this.#seenIds = new SeenIds({
      ids: (...which) => thread.call('ids', ...which),
      answer: (...which) => thread.call('answer', ...which),
    })
    this.#commits = new SqliteCommits(clock, (commit) => this.#write(commit), logger)
    this.#parts = this.#newParts()
    this.#sweep = new SqliteSweep({
      clock,
      thread,
      logger,
      rooms: this.#rooms,
      isWell: () => this.#trouble === undefined,
      forget: async (room, since) => {
        if (!(await thread.call('drop', room, since))) return
        this.#lives.renew(clock.now())
        await this.#saveLife()
      },
    })
  }

  /**
   * Opens the log in a folder, which is created if it is missing. Rejects with an error about the folder or file.
   * `onCommit` is called with the duration of each commit.
   */
  static async open(
    folder: string,
    clock: Clock,
    random: Random,
    logger: RoomLogger,
    onCommit: (seconds: number) => void = () => {},
  ): Promise<SqliteLog> {
    mustBeSound(process.versions.sqlite)
    makeFolder(folder)
    const thread = new SqliteThread(join(folder, FILE))
    await thread.opened.catch((error: Error) => {
      throw new Error(`${join(folder, FILE)}: ${openMistake(error)}`)
    })
    const log = new SqliteLog(thread, await thread.call('contents', KNOWN_ROOMS), clock, random, logger, onCommit)
    await log.#saveLife()
    return log
  }

  get trouble(): string | undefined {
    if (this.#trouble !== undefined || this.#committingMs === undefined) return this.#trouble
    return this.#clock.monotonic() - this.#committingMs > HUNG_MS ? 'the disk does not answer' : undefined
  }

  async open(path: string, retention: Retention): Promise<RoomLog> {
    if (!retention.durable) return this.#memory.open(path, retention)
    const recent = { count: Math.min(retention.keep, RECENT_COUNT), bytes: this.#recentBytes() }
    const isNew = this.#known !== undefined && !this.#known.has(fingerprint(path))
    const stored = isNew ? undefined : await this.#thread.call('open', path, this.#clock.now(), recent)
    const room: SqliteRoomLog = new SqliteRoomLog(this.#parts, path, stored, retention, () => {
      if (this.#rooms.get(path) === room) this.#rooms.delete(path)
    })
    this.#rooms.set(path, room)
    if (room.isStale(0) && !this.#trouble) {
      await room.trim().catch((err) => this.#logger.warn({ err, room: path }, 'old events could not be removed'))
    }
    return room
  }

  async peek(path: string): Promise<LogSpan | undefined> {
    return this.#rooms.get(path) ?? this.#memory.peek(path) ?? (await this.#thread.call('peek', path))
  }

  async close(): Promise<void> {
    this.#sweep.end()
    await this.#commits.idle()
    await this.#thread
      .call('close')
      .catch((error) => this.#logger.error({ err: error }, 'the log was not closed cleanly'))
  }

  #newParts(): SqliteRoomParts {
    return {
      thread: this.#thread,
      clock: this.#clock,
      seenIds: this.#seenIds,
      lives: this.#lives,
      newId: () => {
        this.#lastId += 1
        return this.#lastId
      },
      recentBytes: () => this.#recentBytes(),
      refusal: () => this.#refusal(),
      enqueue: (append) => this.#commits.enqueue(append),
      saved: (path) => this.#saved(path),
    }
  }

  #saved(path: string): void {
    this.#known?.add(fingerprint(path))
    if ((this.#known?.size ?? 0) > KNOWN_ROOMS) this.#known = undefined
  }

  /** Saves the current life; if the disk cannot be written now, the next commit does. */
  async #saveLife(): Promise<void> {
    const { current } = this.#lives
    if (this.#savedLife === current) return
    try {
      await this.#thread.call('live', current)
      this.#savedLife = current
    } catch (error) {
      if (!isUnwritable(error)) throw error
      this.#logger.warn({ err: error }, 'the log cannot be written now')
    }
  }

  #recentBytes(): number {
    const share = RECENT_BYTES.all / (this.#rooms.size + 1)
    return Math.min(RECENT_BYTES.most, Math.max(RECENT_BYTES.least, share))
  }

  #refusal(): RoomError | undefined {
    if (this.#trouble) return new RoomError('unavailable', 'nothing can be kept now, send it again later')
    return this.#commits.isFull ? new RoomError('unavailable', 'the log is behind, send it again later') : undefined
  }

  async #write(commit: Commit): Promise<boolean> {
    const startedMs = this.#clock.monotonic()
    this.#committingMs = startedMs
    try {
      const life = this.#lives.current
      const isNew = life !== this.#savedLife
      await this.#thread.call('commit', isNew ? { ...commit, life } : commit)
      this.#savedLife = life
      this.#onCommit((this.#clock.monotonic() - startedMs) / 1000)
      return true
    } catch (error) {
      this.#fail(errorOf(error))
      return false
    } finally {
      this.#committingMs = undefined
    }
  }

  /** A write failed. A failed sync is never repeated: a second one would not report what the first one lost. */
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
      await this.#thread.call('probe')
      if (this.#isBroken) return
      this.#trouble = undefined
      this.#logger.info('the log can be written again')
    } catch (error) {
      if (isBreaking(error)) this.#fail(errorOf(error))
      else this.#clock.after(PROBE_MS, () => void this.#probe())
    }
  }
}
