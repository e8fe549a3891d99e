/**
 * Cleaning, a little at a time: open rooms when something of theirs is old, the others by how long they asked their
 * events to be kept. What fails in one room leaves the others as they are. `sqlite.ts` owns it.
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
  /** Whether the disk takes writes. */
  readonly isWell: () => boolean
  /** Forgets a room of which nothing is left, where nobody opened it since (ms since 1970). */
  readonly forget: (room: number, since: number) => Promise<void>
}

export class SqliteSweep {
  readonly #parts: SweepParts
  /** Ends it. */
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
    const some = await thread.ask('rooms', this.#sweptTo, SWEEP_ROOMS)
    this.#sweptTo = some.length < SWEEP_ROOMS ? 0 : (some.at(-1)?.id ?? 0)
    const now = clock.now()
    for (const { id, path, maxAge } of some) {
      if (rooms.has(path)) continue
      await this.#step(path, async () => {
        await thread.ask('trim', id, 0, maxAge, now)
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
