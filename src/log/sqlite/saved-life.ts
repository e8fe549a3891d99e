/** Saves what a life of the log writes once: that it began, and the secret of the log. `sqlite.ts` owns it. */
import type { RoomLogger } from '../../define.ts'
import type { Lives } from '../epoch.ts'
import { isUnwritable } from './result-codes.ts'
import type { Life } from './stored.ts'
import type { SqliteThread } from './thread.ts'

export class SavedLife {
  readonly #thread: SqliteThread
  readonly #lives: Lives
  readonly #key: Uint8Array
  readonly #logger: Pick<RoomLogger, 'warn'>
  #saved: string | undefined

  constructor(thread: SqliteThread, lives: Lives, key: Uint8Array, logger: Pick<RoomLogger, 'warn'>) {
    this.#thread = thread
    this.#lives = lives
    this.#key = key
    this.#logger = logger
  }

  /** What the next commit must save; `undefined`: nothing. */
  get unsaved(): Life | undefined {
    const life = this.#lives.current
    return life === this.#saved ? undefined : { life, key: this.#key }
  }

  /** A commit has saved it. */
  saved(life: Life | undefined): void {
    if (life) this.#saved = life.life
  }

  /** Saves the current life; if the disk cannot be written now, the next commit does. */
  async save(): Promise<void> {
    const { unsaved } = this
    if (!unsaved) return
    try {
      await this.#thread.call('live', unsaved)
      this.saved(unsaved)
    } catch (error) {
      if (!isUnwritable(error)) throw error
      this.#logger.warn({ err: error }, 'the log cannot be written now')
    }
  }
}
