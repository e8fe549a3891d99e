/**
 * The log in a Redis that several servers reach. What all rooms published in one turn of the event loop goes out together,
 * one call a room, and is delivered and acknowledged only once Redis has answered. `room.ts` is one room, `connection.ts`
 * leads to Redis, `scripts/` has what runs there.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { RoomError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { within } from '../../within.ts'
import { byPath, byTime, type KeptRoom, type RoomAlarm, type RoomContents } from '../kept-rooms.ts'
import type { Log, LogSpan, LogWarning, Retention, RoomLog } from '../log.ts'
import { backupOf } from './backups.ts'
import { AlarmIndex } from './bucket-index.ts'
import { Durability } from './durability.ts'
import { RedisEpochs } from './epochs.ts'
import { eraseRoom } from './erasing.ts'
import { tellFailure } from './failures.ts'
import type { RedisHealth } from './health.ts'
import { KeptCalls } from './kept-calls.ts'
import { keptContents, keptRooms, keptSpan } from './kept-rooms.ts'
import { bucketOf } from './keys.ts'
import { LogSecret } from './log-secret.ts'
import { MemoryRooms } from './memory-rooms.ts'
import { OpenRooms } from './open-rooms.ts'
import { openRoom } from './opening.ts'
import type { Claim } from './position.ts'
import { Questions } from './questions.ts'
import type { RedisCalls } from './redis-calls.ts'
import { RedisRoomLog } from './room.ts'
import type { RedisSharedParts } from './room-parts.ts'
import { use } from './scripts/use.ts'
import { type HeldRoom, RedisSweep, type SweptOwner } from './sweep.ts'
import { RedisTrouble } from './trouble.ts'
import { atTurnsEnd } from './turns-end.ts'

/** At most so many events are read when a room opens: Redis answers nobody else meanwhile. */
const OPENING = { count: 1000, bytes: 512 * 1024 }
/** The most bytes of entries that may wait for Redis; beyond it, appends are refused. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024
/** How often open rooms look for what is too old. */
const TRIM_MS = 10_000
/** What Redis has not answered when the log has closed for so long is given up. */
const CLOSE_MS = 1000

export interface RedisLogParts {
  readonly calls: RedisCalls
  readonly health: RedisHealth
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Called with the seconds that each commit took. */
  readonly onCommit?: ((seconds: number) => void) | undefined
  /** Called when the log has closed. */
  readonly end?: () => void
}

export class RedisLog implements Log {
  readonly #parts: RedisLogParts
  readonly #questions: Questions
  readonly #memory: MemoryRooms
  readonly #rooms: OpenRooms
  readonly #trouble: RedisTrouble
  readonly #alarms: AlarmIndex
  readonly #roomParts: RedisSharedParts
  readonly #sweep: RedisSweep
  readonly #endTrims: () => void
  readonly #secret: LogSecret
  /** Called for each room that a node owns, and that is not open here, now and then. */
  onOwned: (room: SweptOwner) => Promise<unknown> = async () => {}
  /** Called for each room that a node had in its memory when it closed: whether it is kept for that. */
  onHeld: (room: HeldRoom) => Promise<boolean> = async () => false
  #waitingBytes = 0

  private constructor(parts: RedisLogParts) {
    const { clock, random, logger } = parts
    this.#parts = parts
    this.#questions = new Questions(parts.calls)
    this.#memory = new MemoryRooms(clock, random)
    this.#rooms = new OpenRooms(logger)
    this.#trouble = new RedisTrouble(clock, logger)
    this.#alarms = new AlarmIndex(this.#questions, clock)
    this.#secret = new LogSecret(this.#questions, random)
    this.#roomParts = this.#newRoomParts()
    this.#endTrims = clock.every(TRIM_MS, () => void this.#rooms.tend(() => parts.health.runIds))
    this.#sweep = new RedisSweep({
      clock,
      logger,
      calls: parts.calls,
      isOpen: (path) => this.#rooms.has(path),
      owned: (room) => this.onOwned(room),
      held: (room) => this.onHeld(room),
      erase: (path, ifAt) => eraseRoom({ path, calls: parts.calls, epochs: this.#roomParts.epochs, ifAt }),
    })
  }

  /** Opens the log, also if Redis does not answer yet. */
  static async open(parts: RedisLogParts): Promise<RedisLog> {
    const log = new RedisLog(parts)
    await log.#secret.keep().catch((error) => tellFailure(parts.logger, 'warn', error, 'Redis does not answer yet'))
    return log
  }

  get key(): Uint8Array {
    return this.#secret.bytes
  }

  get trouble(): string | undefined {
    return this.#parts.health.trouble ?? this.#trouble.current
  }

  /** Rooms live in memory: what needs no writing goes on while Redis is away. */
  get goesOn(): boolean {
    return this.#parts.health.wasReached
  }

  get warnings(): readonly LogWarning[] {
    return this.#parts.health.warnings
  }

  /** `claim`: with which this node has the room; without one it is the only one with rooms in this Redis. */
  async open(
    path: string,
    retention: Retention,
    lost: (reason: string) => void = () => {},
    claim?: Claim,
  ): Promise<RoomLog> {
    if (!retention.durable) return this.#memory.openClaimed(path, retention, claim)
    return this.#rooms.whileOpening(path, this.#open(path, retention, lost, claim))
  }

  /** The room keeps nothing more; what waits fails. */
  giveUp(path: string, reason: string): void {
    this.#rooms.at(path)?.giveUp(reason)
  }

  /** Whether this server remembers something of a room without durable history. `number`: as of this claim. */
  remembers(path: string, number?: number): boolean {
    return this.#memory.keeps(path, number)
  }

  async peek(path: string): Promise<LogSpan | undefined> {
    return this.#rooms.at(path) ?? this.#memory.peek(path) ?? (await keptSpan(this.#questions, path))
  }

  async alarms(limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
    const all = [await this.#alarms.first(limit, after), await this.#memory.alarms(limit, after)]
    return all.flat().sort(byTime).slice(0, limit)
  }

  async rooms(limit: number, after?: string): Promise<KeptRoom[]> {
    const all = [await keptRooms(this.#questions, limit, after), await this.#memory.rooms(limit, after)]
    return all.flat().sort(byPath).slice(0, limit)
  }

  async contents(path: string): Promise<RoomContents | undefined> {
    return (await this.#memory.contents(path)) ?? (await keptContents(this.#questions, path))
  }

  async erase(path: string): Promise<boolean> {
    const wasInMemory = await this.#memory.erase(path)
    await (await this.#rooms.opened(path))?.close()
    this.#alarms.changed(path)
    return (await eraseRoom({ path, calls: this.#questions, epochs: this.#roomParts.epochs })) || wasInMemory
  }

  /** Looks each second whether Redis still has the log's secret. Returns what ends it. */
  watchSecret(): () => void {
    return this.#secret.watch(this.#parts.clock)
  }

  backup(): AsyncIterable<Uint8Array> {
    return backupOf(this.#questions)
  }

  async close(ms = CLOSE_MS): Promise<void> {
    this.#sweep.end()
    this.#endTrims()
    const rooms = this.#rooms.all
    const closed = Promise.all(rooms.map((room) => room.close())).then(() => {})
    await within(this.#parts.clock, Math.min(ms, CLOSE_MS), closed, () => {
      for (const room of rooms) room.giveUp('the server has ended')
    })
    this.#parts.end?.()
  }

  async #open(path: string, retention: Retention, lost: (reason: string) => void, claim?: Claim): Promise<RoomLog> {
    const recent = {
      count: Math.min(retention.keep, OPENING.count),
      bytes: Math.min(OPENING.bytes, this.#rooms.recentBytes),
    }
    const parts = { path, calls: this.#questions, logger: this.#parts.logger }
    const [stored, digests] = await Promise.all([openRoom(parts, recent), this.#secret.keep()])
    if (claim && (stored.owner !== claim.node || stored.term !== claim.term))
      throw new RoomError('unavailable', 'another node has taken the room meanwhile, try again')
    const ofSecret = { digests, keepSecret: async () => (await this.#secret.keep()) === digests }
    const roomParts = { ...this.#roomParts, ...ofSecret }
    const room: RedisRoomLog = new RedisRoomLog(roomParts, path, { ...stored, claim }, retention, {
      closed: () => {
        this.#rooms.remove(room)
        if (stored.at.epoch !== '' || room.seq > 0) void this.#used(room)
      },
      lost: (reason) => {
        this.#rooms.remove(room)
        this.#parts.logger.warn({ room: path, reason }, 'the log of a room is lost, it opens again')
        lost(reason)
      },
    })
    this.#rooms.add(room)
    await this.#rooms.trim(room)
    return room
  }

  async #used({ path, forgetAfterMs }: RedisRoomLog): Promise<void> {
    await this.#parts.calls.run(use, bucketOf(path), [path, forgetAfterMs ?? '']).catch(() => {})
  }

  #newRoomParts(): RedisSharedParts {
    const { calls, clock, random, logger, health, onCommit } = this.#parts
    return {
      calls,
      questions: this.#questions,
      clock,
      logger,
      epochs: new RedisEpochs(clock, random, () => this.key),
      keptCalls: new KeptCalls(),
      durability: new Durability(calls, health),
      recentBytes: () => this.#rooms.recentBytes,
      refusal: () => this.#refusal(),
      waits: (bytes) => {
        this.#waitingBytes += bytes
      },
      atTurnsEnd: atTurnsEnd(clock),
      alarmsChanged: (path) => this.#alarms.changed(path),
      failed: (error) => this.#trouble.failed(error),
      committed: (seconds) => {
        this.#trouble.succeeded()
        onCommit?.(seconds)
      },
    }
  }

  #refusal(): RoomError | undefined {
    if (this.trouble !== undefined) return new RoomError('unavailable', 'nothing can be kept now, send it again later')
    const isFull = this.#waitingBytes > MOST_WAITING_BYTES
    return isFull ? new RoomError('unavailable', 'the log is behind, send it again later') : undefined
  }
}
