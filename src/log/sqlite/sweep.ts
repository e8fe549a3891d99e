/**
 * Removes old events from disk, a little at a time: of open rooms if something is old, of closed rooms by the `maxAge`
 * stored with them. A failure in one room does not affect others. `sqlite.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import type { SqliteRoomLog } from './room.ts'
import type { SqliteThread } from './thread.ts'

const SWEEP_MS = 10_000
const SWEEP_ROOMS = 50
const WEEK_MS = 7 * 86_400_000

export interface SweepParts {
  readonly clock: Clock
  readonly thread: SqliteThread
  readonly logger: Pick<RoomLogger, 'warn'>
  /** The open rooms. */
  readonly rooms: ReadonlyMap<string, SqliteRoomLog>
  /** Whether the disk can be written. */
  readonly isWell: () => boolean
  /** Removes a room that is empty and was not opened since (ms since 1970). */
  readonly forget: (room: number, since: number) => Promise<void>
}

export class SqliteSweep {
  readonly #parts: SweepParts
  /** Stops the sweep. */
  readonly end: () => void
  #isSweeping = false
  #sweptTo = 0

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
    await this.#step(undefined, () => this.#sweepClosed())
    this.#isSweeping = false
  }

  async #sweepClosed(): Promise<void> {
    const { thread, clock, rooms, forget } = this.#parts
    const some = await thread.call('rooms', this.#sweptTo, SWEEP_ROOMS)
    this.#sweptTo = some.length < SWEEP_ROOMS ? 0 : (some.at(-1)?.id ?? 0)
    const now = clock.now()
    for (const { id, path, maxAge } of some) {
      if (rooms.has(path)) continue
      await this.#step(path, async () => {
        await thread.call('trim', id, 0, maxAge, now)
        await forget(id, now - WEEK_MS)
      })
    }
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
