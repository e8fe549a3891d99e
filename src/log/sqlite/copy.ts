/**
 * Copies the database to another file while it is in use, a few pages at a time, by SQLite's online backup
 * (sqlite.org/backup.html): what is written meanwhile goes to both, so the copy is the database at the moment it ends. A
 * commit waits for one step at most. `file.ts` uses it, in the thread of the database.
 */
import { closeSync, fdatasync, openSync } from 'node:fs'
import { type BackupProgressInfo, backup, type DatabaseSync } from 'node:sqlite'

/** Pages of one step. */
const STEP = 16
/**
 * Pages after which the copy is synced on the side: the last step syncs what is left while no commit can run, so little
 * must be left.
 */
const SYNC = 256

/** How often the first step is tried. */
const ATTEMPTS = 1000

export class Copy {
  readonly #db: DatabaseSync
  #running: Promise<void> | undefined
  #isGivenUp = false

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** One at a time. */
  to(file: string): Promise<void> {
    this.#running = this.#copy(file).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Gives up a copy that is being made. */
  async end(): Promise<void> {
    this.#isGivenUp = true
    await this.#running?.catch(() => {})
  }

  async #copy(file: string): Promise<void> {
    const sync = new SideSync(file)
    let hasBegun = false
    const progress = ({ remainingPages }: BackupProgressInfo) => {
      if (this.#isGivenUp) throw new Error('the log is being closed')
      hasBegun = true
      sync.copied(remainingPages)
    }
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await backup(this.#db, file, { rate: STEP, progress })
          return
        } catch (error) {
          // Node gives up where the first step comes while a transaction is open; later steps are repeated.
          if (hasBegun || this.#isGivenUp || attempt === ATTEMPTS) throw error
        }
      }
    } finally {
      sync.end()
    }
  }
}

/** Syncs the file that is being written from beside. */
class SideSync {
  readonly #file: string
  #fd: number | undefined
  #isSyncing = false
  #isEnded = false
  #syncedAt: number | undefined

  constructor(file: string) {
    this.#file = file
  }

  copied(remaining: number): void {
    this.#syncedAt ??= remaining
    // The database may have grown meanwhile.
    if (this.#isSyncing || Math.abs(this.#syncedAt - remaining) < SYNC) return
    this.#syncedAt = remaining
    this.#fd ??= openSync(this.#file, 'r+')
    this.#isSyncing = true
    // A failure shows in the copy itself.
    fdatasync(this.#fd, () => {
      this.#isSyncing = false
      if (this.#isEnded) this.#close()
    })
  }

  end(): void {
    this.#isEnded = true
    if (!this.#isSyncing) this.#close()
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}
