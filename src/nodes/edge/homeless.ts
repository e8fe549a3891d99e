/**
 * The peers of a room that have no home now. They are brought to the next one; if none is found for so long, they are told
 * to come back, since another node may reach it. `edge-room.ts` owns one.
 */
import type { Clock } from '../../clock.ts'
import { Close } from '../../errors.ts'
import type { EdgeSession } from './edge-session.ts'
import type { RoomHome } from './room-home.ts'

const HOMELESS_MS = 10_000
/** How many peers are joined in one turn of the event loop. */
const A_TURN = 128

export class Homeless {
  readonly #clock: Clock
  /** Called when they are sent away. */
  readonly #gaveUp: () => void
  readonly #sessions = new Set<EdgeSession>()
  /** Since when a home is looked for in vain, monotonic. */
  #sinceMs = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, gaveUp: () => void) {
    this.#clock = clock
    this.#gaveUp = gaveUp
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Whether messages of theirs wait for the room. */
  get isUrgent(): boolean {
    return this.#sessions.values().some(({ isQuiet }) => !isQuiet)
  }

  add(session: EdgeSession): void {
    this.#sessions.add(session)
    if (this.#cancel) return
    this.#sinceMs = this.#clock.monotonic()
    this.#cancel = this.#clock.after(HOMELESS_MS, this.#giveUp)
  }

  remove(session: EdgeSession): void {
    this.#sessions.delete(session)
  }

  /** All of them, to be brought together. */
  take(): EdgeSession[] {
    const sessions = [...this.#sessions]
    this.#sessions.clear()
    return sessions
  }

  /** Joins them one by one, a few in each turn of the event loop. */
  async bringTo(home: RoomHome): Promise<void> {
    for (let turn = 0; this.#sessions.size > 0 && !home.isOver; turn += 1) {
      if (turn > 0) await new Promise<void>((resolve) => void this.#clock.soon(resolve))
      for (const session of [...this.#sessions].slice(0, A_TURN)) {
        this.#sessions.delete(session)
        home.join(session)
      }
    }
  }

  /** The time until now does not count: nobody could have found a home. */
  waitOn(): void {
    this.#sinceMs = this.#clock.monotonic()
  }

  /** A home is found. */
  found(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #giveUp = (): void => {
    this.#cancel = undefined
    if (this.#sessions.size === 0) return
    const leftMs = this.#sinceMs + HOMELESS_MS - this.#clock.monotonic()
    if (leftMs > 0) {
      this.#cancel = this.#clock.after(leftMs, this.#giveUp)
      return
    }
    this.#gaveUp()
    for (const session of this.take()) session.end(Close.restart)
  }
}
