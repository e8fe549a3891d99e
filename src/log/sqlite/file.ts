/**
 * The file of the SQLite log: opened for this process alone, with a sync at each commit. Statements are prepared once.
 * `store.ts` knows what stands in it.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { errcodeOf } from '../../thrown.ts'
import { mustBeOurs, STAMP } from './format.ts'

export type Value = string | number | null
export type Row = Record<string, unknown>

/** Result codes of a disk that takes no writes. */
const READONLY = 8
const IOERR = 10
const FULL = 13
/** How long a server waits for one before it to let go of the file. */
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
    // One process alone: the lock is taken with the first use and kept. FULL: a commit is on disk when it returns.
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
      // A database of before is good without; a disk that takes no writes is told with the first event.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      if (![READONLY, IOERR, FULL].includes(errcodeOf(error) & 255)) throw error
    }
  }

  /** Keeps all that `work` writes, or nothing of it where it throws; on disk when this returns. */
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

  /** Returns how many rows it changed. */
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
