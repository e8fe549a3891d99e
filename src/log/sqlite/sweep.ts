/**
 * Removes old events from disk, a little at a time: of open rooms if something is old, of closed rooms by the `maxAge`
 * stored with them. A failure in one room does not affect others. `sqlite.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import type { SqliteRoomLog } from './room.ts'
import type { SweptRoom } from './stored.ts'
import type { SqliteThread } from './thread.ts'

const SWEEP_MS = 10_000
const SWEEP_ROOMS = 50
const WEEK_MS = 7 * 86_400_000
/** How often it is noted that the open rooms are in use. */
const USE_MS = 60_000

export interface SweepParts {
  readonly clock: Clock
  readonly thread: SqliteThread
  readonly logger: Pick<RoomLogger, 'warn'>
  /** The open rooms. */
  readonly rooms: ReadonlyMap<string, SqliteRoomLog>
  /** Whether the room is open, or is being opened. */
  readonly isOpen: (path: string) => boolean
  /** Whether the disk can be written. */
  readonly isWell: () => boolean
  /** Removes a room that is empty and was not opened since (ms since 1970). */
  readonly forget: (room: number, since: number) => Promise<void>
  /** Erases a room that nobody has used for as long as its settings say. */
  readonly erase: (path: string) => Promise<unknown>
  /** Removes what is left of a room that was erased. */
  readonly remove: (room: number) => Promise<void>
}

export class SqliteSweep {
  readonly #parts: SweepParts
  /** Stops the sweep. */
  readonly end: () => void
  #isSweeping = false
  #sweptTo = 0
  #usedMs = 0

  constructor(parts: SweepParts) {
    this.#parts = parts
    this.end = parts.clock.every(SWEEP_MS, () => void this.#sweep())
  }

  async #sweep(): Promise<void> {
    const { rooms, isWell } = this.#parts
    if (this.#isSweeping || !isWell()) return
    this.#isSweeping = true
    for (const room of rooms.values()) {
      if (room.isStale()) await this.#step(room.path, () => room.trim())
    }
    await this.#step(undefined, () => this.#use())
    await this.#step(undefined, () => this.#sweepClosed())
    this.#isSweeping = false
  }

  /** Notes now and then that the open rooms are in use. */
  async #use(): Promise<void> {
    const { rooms, thread, clock } = this.#parts
    const now = clock.now()
    if (now < this.#usedMs + USE_MS) return
    this.#usedMs = now
    const used = [...rooms.values()].flatMap(({ use: { id, forgetAfterMs } }) =>
      id === undefined || forgetAfterMs === undefined ? [] : [{ id, forgetAfterMs }],
    )
    if (used.length > 0) await thread.call('use', used, now)
  }

  async #sweepClosed(): Promise<void> {
    const { thread, isOpen } = this.#parts
    const some = await thread.call('rooms', this.#sweptTo, SWEEP_ROOMS)
    this.#sweptTo = some.length < SWEEP_ROOMS ? 0 : (some.at(-1)?.id ?? 0)
    for (const room of some) {
      if (!isOpen(room.path)) await this.#step(room.path, () => this.#sweepRoom(room))
    }
  }

  async #sweepRoom({ id, path, maxAge, forgetAt, isErased }: SweptRoom): Promise<void> {
    const { thread, clock, forget, erase, remove } = this.#parts
    const now = clock.now()
    if (isErased) return remove(id)
    if (forgetAt !== undefined && forgetAt <= now) {
      await erase(path)
      return
    }
    await thread.call('trim', id, 0, maxAge, now)
    await forget(id, now - WEEK_MS)
  }

  async #step(room: string | undefined, work: () => Promise<void>): Promise<void> {
    if (!this.#parts.isWell()) return
    try {
      await work()
    } catch (error) {
      this.#parts.logger.warn({ err: error, room }, 'old events could not be removed')
    }
  }
}
