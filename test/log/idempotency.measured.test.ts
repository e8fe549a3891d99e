/** What remembering clients' ids costs (catalogue: LB9). That each is known: `idempotency.test.ts`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { heapMib } from '../fuzz/server.ts'
import { bound } from '../support/figures.ts'
import { openKept } from '../support/kept-log.ts'

const IDS = 100_000
const MIB = 1024 * 1024

it('100,000 ids that clients chose take little memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'corridor-ids-'))
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const log = await SqliteLog.open(folder, handClock(), systemRandom(), silent)
  const room = await openKept(log, '/room', { keep: 10, maxAgeMs: 1e9, durable: true })
  const append = async (batch: number) => {
    const keys = Array.from({ length: 1000 }, (_, i) => ({
      client: `client ${i % 100}`,
      id: `${batch}-${i}`,
      hash: 'h',
      draft: 0,
    }))
    for (const key of keys) expect(await room.recall(key.client, key.id)).toBeUndefined()
    await Promise.all(keys.map((key) => room.append([{ type: 'said', data: '""' }], [key])))
  }
  await append(0)
  const before = heapMib()
  for (let batch = 1; batch <= IDS / 1000; batch += 1) await append(batch)
  bound('LB9', `bytes of memory for each of ${IDS} ids`, ((heapMib() - before) * MIB) / IDS, 100)
  await log.close()
  rmSync(folder, { recursive: true })
})
