/** Removes from disk what the retention of one room no longer keeps, when it is due. `room.ts` owns it. */
import type { Clock } from '../../clock.ts'
import { REMEMBER_MS, type Retention } from '../log.ts'
import type { Oldest, StoredRoom } from './stored.ts'
import type { SqliteThread } from './thread.ts'

/** Events beyond retention before trimming is worth a transaction. */
const SLACK = 256
/** The longest time between two trims for old answers. */
const LATEST_MS = 3_600_000

export class SqliteTrim {
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #retention: Retention
  /** The oldest event on disk; the next seq if there is none. */
  stored: number
  /** When something on disk becomes too old (ms since 1970). */
  #dueAt: number
  #running: Promise<void> | undefined
  /** It was asked for while it ran. */
  #isAgain = false

  /** `room`: the room on disk; `undefined`: it is not there. */
  constructor(thread: SqliteThread, clock: Clock, retention: Retention, room: StoredRoom | undefined) {
    this.#thread = thread
    this.#clock = clock
    this.#retention = retention
    this.stored = room?.first ?? 1
    this.#dueAt = this.#dueFrom(room ?? {})
  }

  /**
   * Whether something is too old, or more than `slack` events are beyond retention. `first`: the oldest event it keeps.
   */
  isDue(first: number, slack = SLACK): boolean {
    return this.#dueAt <= this.#clock.now() || first > this.stored + slack
  }

  isTooMuch(first: number): boolean {
    return first > this.stored + SLACK
  }

  /** Something was erased: what is left of it is removed soon, also if that fails now. */
  hasten(): void {
    this.#dueAt = 0
  }

  /**
   * Removes what is beyond retention, in steps, so that appends come in between. `first` may change meanwhile.
   * `forgot`: is told how many ids of messages each step forgot.
   */
  run(id: number, first: () => number, forgot: (ids: number) => void = () => {}): Promise<void> {
    this.#isAgain = this.#running !== undefined
    this.#running ??= this.#run(id, first, forgot).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(id: number, first: () => number, forgot: (ids: number) => void): Promise<void> {
    for (let isDone = false; !isDone; ) {
      this.#isAgain = false
      const step = await this.#thread.call('trim', id, first(), this.#retention.maxAgeMs, this.#clock.now())
      this.stored = step.first
      forgot(step.forgotten)
      this.#dueAt = this.#dueFrom(step)
      isDone = step.isDone && !this.#isAgain
    }
  }

  #dueFrom({ oldest, answered }: Partial<Oldest>): number {
    const now = this.#clock.now()
    // An answer is kept as long as later events are.
    const forgetAt =
      answered === undefined || answered > (oldest ?? answered) ? now + LATEST_MS : answered + REMEMBER_MS
    return Math.min(now + LATEST_MS, forgetAt, (oldest ?? now) + this.#retention.maxAgeMs)
  }
}
