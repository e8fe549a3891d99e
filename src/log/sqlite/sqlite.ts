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
import { Lives } from '../epoch.ts'
import { byPath, byTime, type KeptRoom, type RoomAlarm, type RoomContents } from '../kept-rooms.ts'
import type { Log, LogSpan, Retention, RoomLog } from '../log.ts'
import { MemoryLog } from '../memory.ts'
import { Backups } from './backups.ts'
import { CommitWriter } from './commit-writer.ts'
import { SqliteCommits } from './commits.ts'
import { Erasure } from './erasure.ts'
import { makeFolder } from './folder.ts'
import { KNOWN_ROOMS, KnownPaths } from './known-paths.ts'
import { FILE } from './offline.ts'
import { mustBeSound, openMistake } from './result-codes.ts'
import { SqliteRoomLog } from './room.ts'
import type { SqliteRoomParts } from './room-parts.ts'
import { SavedLife } from './saved-life.ts'
import { SeenIds } from './seen-ids.ts'
import type { Contents } from './stored.ts'
import { SqliteSweep } from './sweep.ts'
import { SqliteThread } from './thread.ts'
import { SqliteTrouble } from './trouble.ts'

/** Bytes of events kept as ready frames: in all rooms together, and at least and at most in each. */
const RECENT_BYTES = { all: 256 * 1024 * 1024, least: 64 * 1024, most: 8 * 1024 * 1024 }
const RECENT_COUNT = 10_000

export class SqliteLog implements Log {
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #logger: RoomLogger
  readonly #memory: MemoryLog
  readonly #rooms = new Map<string, SqliteRoomLog>()
  readonly #opening = new Map<string, Promise<RoomLog>>()
  readonly #seenIds: SeenIds
  readonly #sweep: SqliteSweep
  readonly #commits: SqliteCommits
  readonly #writer: CommitWriter
  readonly #known: KnownPaths
  #lastId: number
  readonly #newId = () => {
    this.#lastId += 1
    return this.#lastId
  }
  readonly #parts: SqliteRoomParts
  readonly #lives: Lives
  readonly #savedLife: SavedLife
  readonly #trouble: SqliteTrouble
  readonly #erasure: Erasure
  readonly #backups: Backups
  readonly key: Uint8Array

  private constructor(
    folder: string,
    thread: SqliteThread,
    { lastId, paths, lives, key }: Contents,
    clock: Clock,
    random: Random,
    logger: RoomLogger,
    onCommit: (seconds: number) => void,
  ) {
    this.#thread = thread
    this.#clock = clock
    this.#logger = logger
    this.#lastId = lastId
    this.#known = new KnownPaths(paths)
    this.key = key ?? random.bytes(32)
    this.#lives = new Lives(clock.now(), random, lives, this.key)
    this.#memory = new MemoryLog(clock, random)
    this.#savedLife = new SavedLife(thread, this.#lives, this.key, logger)
    this.#backups = new Backups(folder, thread, random)
    this.#trouble = new SqliteTrouble(thread, clock, logger)
    this.#erasure = new Erasure({ thread, clock, logger, lives: this.#lives, newId: this.#newId })
    this.#seenIds = new SeenIds({
      ids: (...which) => thread.call('ids', ...which),
      answer: (...which) => thread.call('answer', ...which),
    })
    this.#writer = new CommitWriter({ thread, clock, savedLife: this.#savedLife, trouble: this.#trouble, onCommit })
    this.#commits = new SqliteCommits(clock, (commit) => this.#writer.write(commit), logger)
    this.#parts = this.#newParts()
    this.#sweep = new SqliteSweep({
      clock,
      thread,
      logger,
      rooms: this.#rooms,
      isWell: () => this.#trouble.current === undefined,
      isOpen: (path) => this.#rooms.has(path) || this.#opening.has(path),
      erase: (path) => this.#erasure.forget(path),
      remove: (room) => this.#erasure.remove(room),
      forget: async (room, since) => {
        if (!(await thread.call('drop', room, since))) return
        this.#lives.renew(clock.now())
        await this.#savedLife.save()
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
    const log = new SqliteLog(folder, thread, await thread.call('start', KNOWN_ROOMS), clock, random, logger, onCommit)
    await log.#savedLife.save()
    return log
  }

  get trouble(): string | undefined {
    return this.#writer.trouble
  }

  async open(path: string, retention: Retention): Promise<RoomLog> {
    if (!retention.durable) return this.#memory.open(path, retention)
    const opening = this.#open(path, retention)
    this.#opening.set(path, opening)
    try {
      return await opening
    } finally {
      if (this.#opening.get(path) === opening) this.#opening.delete(path)
    }
  }

  async #open(path: string, retention: Retention): Promise<RoomLog> {
    await this.#erasure.over(path)
    const recent = { count: Math.min(retention.keep, RECENT_COUNT), bytes: this.#recentBytes() }
    const stored = this.#known.isNew(path)
      ? undefined
      : await this.#thread.call('open', path, this.#clock.now(), recent)
    const room: SqliteRoomLog = new SqliteRoomLog(this.#parts, path, stored, retention, () => {
      if (this.#rooms.get(path) === room) this.#rooms.delete(path)
      this.#used(room)
    })
    this.#rooms.set(path, room)
    if (room.isStale(0) && !this.#trouble.current) {
      await room.trim().catch((err) => this.#logger.warn({ err, room: path }, 'old events could not be removed'))
    }
    return room
  }

  async peek(path: string): Promise<LogSpan | undefined> {
    return this.#rooms.get(path) ?? this.#memory.peek(path) ?? (await this.#thread.call('peek', path))
  }

  async alarms(limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
    const all = [await this.#thread.call('alarms', limit, after), await this.#memory.alarms(limit, after)]
    return all.flat().sort(byTime).slice(0, limit)
  }

  async rooms(limit: number, after?: string): Promise<KeptRoom[]> {
    const all = [await this.#thread.call('keptRooms', limit, after), await this.#memory.rooms(limit, after)]
    return all.flat().sort(byPath).slice(0, limit)
  }

  async contents(path: string): Promise<RoomContents | undefined> {
    return (await this.#memory.contents(path)) ?? (await this.#thread.call('contents', path))
  }

  async erase(path: string): Promise<boolean> {
    const wasInMemory = await this.#memory.erase(path)
    await this.#opening.get(path)?.catch(() => {})
    await this.#rooms.get(path)?.close()
    return (await this.#erasure.erase(path)) || wasInMemory
  }

  backup(): AsyncIterable<Uint8Array> {
    return this.#backups.stream()
  }

  async close(): Promise<void> {
    this.#sweep.end()
    this.#erasure.end()
    await this.#commits.idle()
    await this.#thread.close().catch((error) => this.#logger.error({ err: error }, 'the log was not closed cleanly'))
  }

  #newParts(): SqliteRoomParts {
    return {
      thread: this.#thread,
      clock: this.#clock,
      seenIds: this.#seenIds,
      lives: this.#lives,
      newId: this.#newId,
      recentBytes: () => this.#recentBytes(),
      refusal: () => this.#refusal(),
      enqueue: (append) => this.#commits.enqueue(append),
      saved: (path) => this.#known.add(path),
      scrub: () => this.#erasure.scrubSoon(),
    }
  }

  /** A room has closed: it was in use until now. */
  #used(room: SqliteRoomLog): void {
    const { id, forgetAfterMs } = room.use
    if (id === undefined || forgetAfterMs === undefined || this.#trouble.current) return
    void this.#thread.call('use', [{ id, forgetAfterMs }], this.#clock.now()).catch(() => {})
  }

  #recentBytes(): number {
    const share = RECENT_BYTES.all / (this.#rooms.size + 1)
    return Math.min(RECENT_BYTES.most, Math.max(RECENT_BYTES.least, share))
  }

  #refusal(): RoomError | undefined {
    if (this.#trouble.current) return new RoomError('unavailable', 'nothing can be kept now, send it again later')
    return this.#commits.isFull ? new RoomError('unavailable', 'the log is behind, send it again later') : undefined
  }
}
