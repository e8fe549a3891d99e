/**
 * A database that is being written from what another log has kept: a backup of that log, which a server opens. It has a
 * thread of its own, so that the writing holds up nobody. `log/redis/backups.ts` fills it.
 */
import type { Copied } from './copied-rows.ts'
import { SqliteThread } from './thread.ts'

/** Written in one transaction. */
const BATCH = { rows: 1000, bytes: 1024 * 1024 }

export class WrittenCopy {
  readonly #thread: SqliteThread
  #batch: Copied[] = []
  #size = { rows: 0, bytes: 0 }
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  /** `file`: empty, or not there. Rejects with the error of the disk. */
  static async begin(file: string): Promise<WrittenCopy> {
    const thread = new SqliteThread(file)
    await thread.opened
    await thread.call('beginCopied')
    return new WrittenCopy(thread)
  }

  /** `size`: about what it takes on disk. Resolves when it may go on. */
  async write(copied: Copied, size: { readonly rows: number; readonly bytes: number }): Promise<void> {
    this.#batch.push(copied)
    this.#size = { rows: this.#size.rows + size.rows, bytes: this.#size.bytes + size.bytes }
    if (this.#size.rows >= BATCH.rows || this.#size.bytes >= BATCH.bytes) await this.#flush()
  }

  /** The file is whole and closed when this resolves. */
  async end(): Promise<void> {
    await this.#flush()
    await this.#writing
    await this.#thread.close()
  }

  /** It failed, or nobody wants it any more. */
  async giveUp(): Promise<void> {
    await this.#writing.catch(() => {})
    await this.#thread.close().catch(() => {})
  }

  /** While a batch is written the next is gathered. */
  async #flush(): Promise<void> {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    this.#size = { rows: 0, bytes: 0 }
    const before = this.#writing
    this.#writing = before.then(() => this.#thread.call('copied', batch))
    this.#writing.catch(() => {})
    await before
  }
}
