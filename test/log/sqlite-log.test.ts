/** The SQLite log keeps the contract of logs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { describeLog } from '../support/logs.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describeLog('SQLite', () => {
  let folder: string
  return {
    async make(clock, logger = silent) {
      folder = await mkdtemp(join(tmpdir(), 'corridor-log-'))
      return SqliteLog.open(folder, clock, systemRandom(), logger)
    },
    again: (clock) => SqliteLog.open(folder, clock, systemRandom(), silent),
    remove: () => rm(folder, { recursive: true }),
  }
})
