/**
 * Why the SQLite log cannot be written now, and when it can be again. A failed sync is never repeated: a second one would
 * not report what the first one lost. `sqlite.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { errorOf } from '../../thrown.ts'
import { isBreaking } from './result-codes.ts'
import type { SqliteThread } from './thread.ts'

/** While the disk cannot be written, it is tried again this often. */
const PROBE_MS = 1000

export class SqliteTrouble {
  readonly #thread: SqliteThread
  readonly #clock: Clock
  readonly #logger: RoomLogger
  #current: string | undefined
  /** The log cannot be written until a restart. */
  #isBroken = false

  constructor(thread: SqliteThread, clock: Clock, logger: RoomLogger) {
    this.#thread = thread
    this.#clock = clock
    this.#logger = logger
  }

  /** `undefined`: it can be written. */
  get current(): string | undefined {
    return this.#current
  }

  /** A write failed. */
  fail(error: Error): void {
    const isProbing = this.#current !== undefined
    this.#current = error.message
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
      this.#current = undefined
      this.#logger.info('the log can be written again')
    } catch (error) {
      if (isBreaking(error)) this.fail(errorOf(error))
      else this.#clock.after(PROBE_MS, () => void this.#probe())
    }
  }
}
