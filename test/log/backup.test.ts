/** A backup of the SQLite log: a whole log at one moment, made while others write, and nothing is left behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { type KeptLog, openKept } from '../support/kept-log.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const retention = { keep: 100_000, maxAgeMs: 1e12, durable: true }

let folder: string
const at = (name: string) => join(folder, name)
const start = (name: string) => SqliteLog.open(at(name), handClock(), systemRandom(), silent)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-backup-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Each move is an event, and changes two amounts whose sum stays. */
const move = (room: KeptLog, n: number) =>
  room.append([{ type: 'moved', data: JSON.stringify({ n, padding: 'x'.repeat(500) }) }], [], {
    storage: new Map([
      ['from', String(1_000_000 - n)],
      ['to', String(n)],
    ]),
    alarms: new Map([['next', n]]),
  })

async function backUp(log: SqliteLog, name: string): Promise<void> {
  const pieces: Uint8Array[] = []
  for await (const piece of log.backup()) pieces.push(piece)
  mkdirSync(at(name))
  writeFileSync(at(`${name}/corridor.db`), Buffer.concat(pieces))
}

it('is whole and of one moment, while the log is being written', async () => {
  const log = await start('data')
  const room = await openKept(log, '/room', retention)
  for (let n = 1; n <= 5000; n += 1) void move(room, n)
  await move(room, 5001)
  let isDone = false
  const backup = backUp(log, 'copy').finally(() => {
    isDone = true
  })
  let n = 5001
  while (!isDone) await move(room, ++n)
  await backup
  const { epoch } = room
  expect(readdirSync(at('data')).filter((name) => name.startsWith('backup'))).toEqual([])
  await log.close()

  const db = new DatabaseSync(at('copy/corridor.db'))
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
  const copy = await start('copy')
  const again = await openKept(copy, '/room', retention)
  expect(again.seq).toBeGreaterThanOrEqual(5001)
  expect(again.seq).toBeLessThanOrEqual(n)
  const { storage, alarms } = again.takeState()
  expect([storage.get('to'), storage.get('from')]).toEqual([String(again.seq), String(1_000_000 - again.seq)])
  expect([...alarms]).toEqual([['next', again.seq]])
  expect(again.locate(epoch, 17)).toEqual({ after: 17 })
  expect(copy.key).toHaveLength(32)
  // Clients that saw more than the backup has are told.
  await again.append([{ type: 'moved', data: '1' }])
  expect(again.locate(epoch, again.seq)).not.toHaveProperty('after')
  await copy.close()
})

it('one after the other, however many ask at once', async () => {
  const log = await start('data')
  const room = await openKept(log, '/room', retention)
  await move(room, 1)
  await Promise.all(['a', 'b', 'c'].map((name) => backUp(log, name)))
  await log.close()
  for (const name of ['a', 'b', 'c']) {
    const copy = await start(name)
    expect(await copy.peek('/room')).toMatchObject({ seq: 1 })
    await copy.close()
  }
})

it('is given up when the log closes, or its reader goes', async () => {
  const log = await start('data')
  const room = await openKept(log, '/room', retention)
  for (let n = 1; n <= 20_000; n += 1) void move(room, n)
  await move(room, 20_001)
  for await (const piece of log.backup()) {
    expect(piece.length).toBeGreaterThan(0)
    break
  }
  expect(readdirSync(at('data')).filter((name) => name.startsWith('backup'))).toEqual([])
  const backup = backUp(log, 'copy')
  const [closed, backedUp] = await Promise.allSettled([log.close(), backup])
  expect(closed.status).toBe('fulfilled')
  // It may have been ready.
  if (backedUp.status === 'rejected') expect(backedUp.reason).toMatchObject({ message: 'the log is being closed' })
  expect(readdirSync(at('data')).filter((name) => name.startsWith('backup'))).toEqual([])
})

it('that a killed server was making is removed at the next start', async () => {
  await (await start('data')).close()
  writeFileSync(at('data/backup-1234.db'), 'half')
  await (await start('data')).close()
  expect(readdirSync(at('data'))).toEqual(['corridor.db'])
})
