/**
 * The rooms of the Redis log that are open here, or opening: how much memory each may take, and what is done in all of them
 * from time to time. `redis.ts` opens them.
 */
import type { RoomLogger } from '../../define.ts'
import type { RoomLog } from '../log.ts'
import { tellFailure } from './failures.ts'
import type { RedisRoomLog } from './room.ts'

/** Bytes of events kept as ready frames: in all rooms together, and at least and at most in each. */
const RECENT_BYTES = { all: 256 * 1024 * 1024, least: 64 * 1024, most: 8 * 1024 * 1024 }

export class OpenRooms {
  readonly #logger: RoomLogger
  readonly #rooms = new Map<string, RedisRoomLog>()
  readonly #opening = new Map<string, Promise<RoomLog>>()

  constructor(logger: RoomLogger) {
    this.#logger = logger
  }

  get all(): RedisRoomLog[] {
    return [...this.#rooms.values()]
  }

  /** Bytes of events that one room may hold in memory now. */
  get recentBytes(): number {
    const share = RECENT_BYTES.all / (this.#rooms.size + 1)
    return Math.min(RECENT_BYTES.most, Math.max(RECENT_BYTES.least, share))
  }

  /** Whether it is open or opening. */
  has(path: string): boolean {
    return this.#rooms.has(path) || this.#opening.has(path)
  }

  at(path: string): RedisRoomLog | undefined {
    return this.#rooms.get(path)
  }

  /** The same, when it has opened, if it is opening now. */
  async opened(path: string): Promise<RedisRoomLog | undefined> {
    await this.#opening.get(path)?.catch(() => {})
    return this.#rooms.get(path)
  }

  /** It is opening until this settles. */
  async whileOpening(path: string, opening: Promise<RoomLog>): Promise<RoomLog> {
    this.#opening.set(path, opening)
    try {
      return await opening
    } finally {
      if (this.#opening.get(path) === opening) this.#opening.delete(path)
    }
  }

  add(room: RedisRoomLog): void {
    this.#rooms.set(room.path, room)
  }

  /** It has closed, or is lost. */
  remove(room: RedisRoomLog): void {
    if (this.#rooms.get(room.path) === room) this.#rooms.delete(room.path)
  }

  /** Removes what they keep too long, after a look at what Redis may have lost. `runIds`: the runs that answer now. */
  async tend(runIds: () => readonly string[]): Promise<void> {
    for (const room of this.all) {
      await room.checkRun(runIds())
      await this.trim(room)
    }
  }

  async trim(room: RedisRoomLog): Promise<void> {
    await room
      .trim()
      .catch((error) =>
        tellFailure(this.#logger, 'warn', error, 'old events could not be removed', { room: room.path }),
      )
  }
}
