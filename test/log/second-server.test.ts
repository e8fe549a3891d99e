/** Two servers on one file of the SQLite log. Slow: the second waits for the file before it gives up. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

it('the second server on the same file does not start, and the error says why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const open = () => SqliteLog.open(folder, handClock(), systemRandom(), silent)
  const first = await open()
  onTestFinished(() => first.close())
  await expect(open()).rejects.toThrow(/another server has this file open/)
})
