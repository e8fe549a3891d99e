/** Redis logs and their backups, on one real Redis for a file of tests; a backup is started as the SQLite log it is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { Log } from '../../src/log/log.ts'
import { mustBeCopy } from '../../src/log/sqlite/offline.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { type KeptLog, openKept } from './kept-log.ts'
import { TestRedis } from './redis-log.ts'

export const HOUR_MS = 3_600_000

const retention = { keep: 100_000, maxAgeMs: 7 * 24 * HOUR_MS, durable: true }
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Called in a `describe` with what `need('redis')` found. */
export class RestoreStage {
  readonly #running: Promise<TestRedis>[] = []
  readonly #logs: Log[] = []
  clock: HandClock = handClock()
  folder = ''

  constructor(command: string) {
    beforeAll(async () => {
      this.#running.push(TestRedis.start(command))
      await this.redis()
    })
    afterAll(async () => (await this.redis()).remove())
    beforeEach(() => {
      this.clock = handClock()
      this.folder = mkdtempSync(join(tmpdir(), 'corridor-copies-'))
    })
    afterEach(async () => {
      for (const log of this.#logs.splice(0)) await log.close()
      await (await this.redis()).empty()
      rmSync(this.folder, { recursive: true })
    })
  }

  redis(): Promise<TestRedis> {
    return this.#running[0] ?? Promise.reject(new Error('expected a use within a test'))
  }

  async live(): Promise<Log> {
    const log = await (await this.redis()).log(this.clock)
    this.#logs.push(log)
    return log
  }

  /** The log of a server that was started on the backup. */
  async restored(log: Log): Promise<Log> {
    const pieces: Uint8Array[] = []
    for await (const piece of log.backup?.() ?? []) pieces.push(piece)
    await writeFile(join(this.folder, 'corridor.db'), Buffer.concat(pieces))
    mustBeCopy(join(this.folder, 'corridor.db'))
    return this.started()
  }

  /** The SQLite log in the folder. */
  async started(): Promise<Log> {
    const log = await SqliteLog.open(this.folder, this.clock, systemRandom(), silent)
    this.#logs.push(log)
    return log
  }

  open(log: Log, path = '/room', more: object = {}): Promise<KeptLog> {
    return openKept(log, path, { ...retention, ...more })
  }
}
