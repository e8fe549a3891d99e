/**
 * The database file: opened by this process alone, synced at each commit, with prepared statements. `store.ts` knows
 * its tables.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Copy } from './copy.ts'
import { migration } from './format.ts'

export type Value = string | number | Uint8Array | null
export type Row = Record<string, unknown>

/** How long to wait for a previous server to release the file. */
const BUSY_MS = 3000

export class SqliteFile {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #copy: Copy

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS })
    this.#copy = new Copy(this.#db)
    try {
      this.#open()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  #open(): void {
    // EXCLUSIVE: the lock is taken at the first use and kept. FULL: a commit is on disk when it returns.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;')
    const statements = migration(this.#db)
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;')
    this.#db.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;')
    // What is removed is overwritten.
    this.#db.exec('PRAGMA secure_delete = ON;')
    this.#db.exec(`BEGIN EXCLUSIVE; ${statements} COMMIT;`)
  }

  /** Commits all that `work` writes, or nothing if it throws; on disk when this returns. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  /** Returns the number of changed rows. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepared(sql).get(...values)
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepared(sql).all(...values)
  }

  each(sql: string, ...values: Value[]): IterableIterator<Row> {
    return this.#prepared(sql).iterate(...values)
  }

  /**
   * Removes what was overwritten from the file that belongs to the database. SQLite leaves copies of rows that it moved
   * in the unused bytes of pages: a database of at most `mostBytes` is written anew, some 5 ms for each MiB. Returns
   * whether that was done.
   */
  scrub(mostBytes: number): boolean {
    const pages = Number(this.get('PRAGMA page_count')?.page_count)
    const isSmall = pages * Number(this.get('PRAGMA page_size')?.page_size) <= mostBytes
    // A copy in progress would begin anew.
    const isRewritten = isSmall && !this.#copy.isRunning
    if (isRewritten) this.#db.exec('VACUUM')
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return isRewritten
  }

  /** Copies the database, while it is in use; the copy is as the database is when this resolves. */
  copy(file: string): Promise<void> {
    return this.#copy.to(file)
  }

  /** Gives up a copy that is being made: the database cannot be closed before. */
  endCopy(): Promise<void> {
    return this.#copy.end()
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql)
    this.#statements.set(sql, known)
    return known
  }
}
