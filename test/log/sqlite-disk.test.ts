/** What only a log on disk can: damage, removal, and backups that are put back. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { type KeptLog, openKept } from '../support/kept-log.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

let folder: string
let clock: HandClock
let log: SqliteLog
const retention = { keep: 100, maxAgeMs: 1e9, durable: true }
const draft = { type: 'message', data: '{}' }
const open = (path = '/room'): Promise<KeptLog> => openKept(log, path, retention)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corridor-log-'))
  clock = handClock()
  log = await SqliteLog.open(folder, clock, systemRandom(), silent)
})

afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

it('notifies clients of events that a restored backup does not have', async () => {
  const before = await open()
  await before.append([draft])
  await log.close()
  await copyFile(join(folder, 'corridor.db'), join(folder, 'backup.db'))
  log = await SqliteLog.open(folder, clock, systemRandom(), silent)
  const later = await open()
  const { epoch } = later
  await later.append([draft])
  await later.append([draft])
  await log.close()
  await copyFile(join(folder, 'backup.db'), join(folder, 'corridor.db'))
  log = await SqliteLog.open(folder, clock, systemRandom(), silent)
  const restored = await open()
  await restored.append([draft])
  await restored.append([draft])
  expect(restored.locate(epoch, 3)).toEqual({ lost: 'epoch' })
  expect(restored.locate(before.epoch, 2)).toEqual({ lost: 'truncated' })
  expect(restored.locate(before.epoch, 1)).toEqual({ after: 1 })
})

it('does not serve an event that the disk changed', async () => {
  const room = await open()
  await room.append([draft])
  await log.close()
  const db = new DatabaseSync(join(folder, 'corridor.db'))
  db.exec(`UPDATE events SET json = replace(json, 'message', 'massage')`)
  db.close()
  log = await SqliteLog.open(folder, clock, systemRandom(), silent)
  await expect(open()).rejects.toThrow(/damaged/)
})

describe('events that are missing on disk', () => {
  const lost = { 'all of them': '1', 'the oldest': 'seq <= 40', 'some between': 'seq = 30', 'the newest': 'seq > 60' }

  it.each(Object.entries(lost))(
    '%s: a reader gets an error or the end, and never an empty page before it',
    async (_, which) => {
      const room = await open()
      for (let i = 0; i < 100; i += 1) void room.append([draft])
      await room.append([draft])
      await log.close()
      const db = new DatabaseSync(join(folder, 'corridor.db'))
      db.exec(`DELETE FROM events WHERE ${which}`)
      db.close()
      log = await SqliteLog.open(folder, clock, systemRandom(), silent)
      const damaged = await open()
      expect(damaged.seq).toBe(101)
      const readAll = async () => {
        let cursor = damaged.first - 1
        for (let pages = 0; cursor < damaged.seq; pages += 1) {
          expect(pages).toBeLessThan(20)
          const page = await damaged.read(cursor, 10)
          expect(page.map(({ seq }) => seq)).toEqual(page.map((_, index) => cursor + 1 + index))
          cursor = page.at(-1)?.seq ?? expect.unreachable()
        }
        return cursor
      }
      await readAll().then(
        (end) => expect(end).toBe(101),
        (error) => expect(error).toMatchObject({ message: expect.stringMatching(/^event \d+ is missing on disk$/) }),
      )
      expect(await damaged.append([draft])).toBe(102)
      expect((await damaged.read(101, 10)).map(({ seq }) => seq)).toEqual([102])
    },
  )
})

it('leaves no hole where an append fails', async () => {
  const room = await open()
  await room.append([draft])
  const twice = [{ client: 'ann', id: '1', hash: 'h', draft: 0 }]
  await room.append([draft], twice)
  // The same key again breaks the commit, as a full disk would.
  await expect(room.append([draft], twice)).rejects.toMatchObject({ code: 'unavailable' })
  expect(log.trouble).toBeDefined()
  expect((await room.read(0, 10)).length).toBe(2)
  await expect(room.append([draft])).rejects.toMatchObject({ code: 'unavailable' })
  while (log.trouble) await clock.advance(1000)
  expect(await room.append([draft])).toBe(3)
})

it('removes old events from the disk, also of rooms that nobody opens any more', async () => {
  const room = await open()
  for (let i = 0; i < 1000; i += 1) void room.append([draft])
  await room.append([draft])
  await room.close()
  await clock.advance(2e9)
  await expect
    .poll(async () => {
      await clock.advance(10_000)
      return log.peek('/room')
    })
    .toBeUndefined()
})

it('names DATA_DIR where the folder cannot be, and never hangs', async () => {
  for (const wrong of ['/proc/corridor', join(folder, 'corridor.db'), join(folder, 'corridor.db', 'below')]) {
    await expect(SqliteLog.open(wrong, clock, systemRandom(), silent)).rejects.toThrow(
      /^DATA_DIR: expected a folder .* got ".*" \(/,
    )
  }
})
