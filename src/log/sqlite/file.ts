/**
 * The database file: opened by this process alone, synced at each commit, with prepared statements. `store.ts` knows
 * its tables.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { errcodeOf } from '../../thrown.ts'
import { mustBeOurs, STAMP } from './format.ts'

export type Value = string | number | null
export type Row = Record<string, unknown>

/** SQLite result codes of a disk that cannot be written. */
const READONLY = 8
const IOERR = 10
const FULL = 13
/** How long to wait for a previous server to release the file. */
const BUSY_MS = 3000

export class SqliteFile {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string, schema: string) {
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS })
    try {
      this.#open(schema)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  #open(schema: string): void {
    // EXCLUSIVE: the lock is taken at the first use and kept. FULL: a commit is on disk when it returns.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;')
    const mustStamp = mustBeOurs(this.#db, schema)
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;')
    this.#db.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;')
    this.#db.exec(`BEGIN EXCLUSIVE; ${schema} COMMIT;`)
    if (mustStamp) this.#stamp()
  }

  #stamp(): void {
    try {
      this.#db.exec(`BEGIN EXCLUSIVE; ${STAMP} COMMIT;`)
    } catch (error) {
      // An older database works without a stamp. If the disk cannot be written, the first event reports it.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      if (![READONLY, IOERR, FULL].includes(errcodeOf(error) & 255)) throw error
    }
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
