/**
 * Backups of the SQLite log, as streams: a copy is made beside the database, so that a slow reader holds up nobody, and
 * read from there. `sqlite.ts` owns it.
 */
import { createReadStream, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../random.ts'
import type { SqliteThread } from './thread.ts'

const PREFIX = 'backup-'
/** SQLite may leave a journal beside a copy. */
const SUFFIXES = ['', '-journal', '-wal', '-shm']

export class Backups {
  readonly #folder: string
  readonly #thread: SqliteThread
  readonly #random: Random

  constructor(folder: string, thread: SqliteThread, random: Random) {
    this.#folder = folder
    this.#thread = thread
    this.#random = random
    // What a process that was killed has left.
    for (const name of readdirSync(folder)) {
      if (name.startsWith(PREFIX)) rmSync(join(folder, name), { force: true })
    }
  }

  /** The bytes of a database that is the log as it was at one moment. Rejects with the error of the disk. */
  async *stream(): AsyncGenerator<Uint8Array, void, undefined> {
    const file = join(this.#folder, `${PREFIX}${this.#random.bytes(8).toString('hex')}.db`)
    try {
      await this.#thread.copy(file)
      yield* createReadStream(file)
    } finally {
      await Promise.all(SUFFIXES.map((suffix) => rm(`${file}${suffix}`, { force: true })))
    }
  }
}
