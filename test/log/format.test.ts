/** A database is opened only where it is ours and of a format we know; any other stops the start, and is left as it was. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { openKept } from '../support/kept-log.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

let folder: string
const file = () => join(folder, 'corridor.db')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-format-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a database', () => {
  const start = () => SqliteLog.open(folder, handClock(), systemRandom(), silent)
  const sql = (...statements: string[]) => {
    const db = new DatabaseSync(file())
    for (const statement of statements) db.exec(statement)
    db.close()
  }
  const ANSWERS =
    'CREATE TABLE answers (room INTEGER NOT NULL, client TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, seq INTEGER, time INTEGER NOT NULL, PRIMARY KEY (room, client, id)) WITHOUT ROWID'
  /** As the version before formats made it. */
  const BEFORE = [
    'CREATE TABLE rooms (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, max_age INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0)',
    'CREATE TABLE epochs (room INTEGER NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (room, epoch)) WITHOUT ROWID',
    'CREATE TABLE events (room INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, crc INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID',
    "INSERT INTO rooms VALUES (7, '/room', 1000, 0)",
    `INSERT INTO epochs VALUES (7, '${'0'.repeat(32)}', 1)`,
  ]

  it('is stamped with its format', async () => {
    await (await start()).close()
    const db = new DatabaseSync(file())
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
    expect(db.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x43_6f_72_72 })
    db.close()
    await (await start()).close()
  })

  it('of before formats is taken over as it is, and stamped', async () => {
    sql(...BEFORE)
    const log = await start()
    const room = await openKept(log, '/room', { keep: 100, maxAgeMs: 1e9, durable: true })
    expect(room.locate('0'.repeat(32), 0)).toEqual({ after: 0 })
    expect(await room.append([{ type: 'message', data: '{}' }])).toBe(1)
    await log.close()
    const db = new DatabaseSync(file())
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
    expect(db.prepare('SELECT room FROM events').all()).toEqual([{ room: 7 }])
    db.close()
  })

  /** What version 1 had beside it, and an answer under an id. */
  const VERSION_1 = [
    ...BEFORE,
    'CREATE TABLE lives (life TEXT PRIMARY KEY)',
    ANSWERS,
    'CREATE TABLE forgotten (room INTEGER NOT NULL, client TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (room, client)) WITHOUT ROWID',
    'PRAGMA application_id = 1131377266; PRAGMA user_version = 1',
  ]

  it.each([
    ['of before formats, with what was said', [...BEFORE, ANSWERS]],
    ['of format 1', VERSION_1],
  ])('%s is taken over in one transaction: events, ids and offsets, and now storage too', async (_, statements) => {
    const json = '{"type":"message","seq":1,"time":5,"data":{"text":"a"}}'
    sql(
      ...statements,
      `INSERT INTO events VALUES (7, 1, 5, ${crc32(json)}, '${json}')`,
      'UPDATE rooms SET seq = 1',
      "INSERT INTO answers VALUES (7, 'ann', 'id', 'hash', 1, 5)",
    )
    const log = await start()
    const room = await openKept(log, '/room', { keep: 100, maxAgeMs: 1e15, durable: true })
    expect(await room.read(0, 10)).toMatchObject([{ seq: 1, type: 'message', data: '{"text":"a"}' }])
    expect(room.locate('0'.repeat(32), 1)).toEqual({ after: 1 })
    expect(await room.recall('ann', 'id')).toEqual({ hash: 'hash', seq: 1, error: undefined })
    expect(room.takeState().storage.size).toBe(0)
    await room.append([], [], { storage: new Map([['a', '1']]) })
    await log.close()
    const again = await start()
    const state = (await again.open('/room', { keep: 100, maxAgeMs: 1e15, durable: true })).takeState()
    expect([...state.storage]).toEqual([['a', '1']])
    await again.close()
  })

  it('of an older format that cannot be written is not half taken over', async () => {
    sql(...VERSION_1, 'CREATE TABLE rooms_by_alarm (a)')
    await expect(start()).rejects.toThrow()
    const db = new DatabaseSync(file(), { readOnly: true })
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    const columns = db.prepare("SELECT name FROM pragma_table_info('rooms')").all()
    expect(columns.map(({ name }) => name)).toEqual(['id', 'path', 'max_age', 'seq'])
    db.close()
  })

  it.each([
    ['of a newer format', /format 2, got format 3; start the newer version/, [...BEFORE, 'PRAGMA user_version = 3']],
    [
      'of a much newer one',
      /got format 99/,
      [...BEFORE, 'PRAGMA application_id = 1131377266; PRAGMA user_version = 99'],
    ],
    ['of another program', /another program \(tables users\); move the file away/, ['CREATE TABLE users (id INTEGER)']],
    ['marked by another program', /application_id 42/, ['PRAGMA application_id = 42', 'CREATE TABLE t (a)']],
    ['with tables of our names that are not ours', /"events" without room, seq/, ['CREATE TABLE events (id INTEGER)']],
  ])('%s stops the start with one readable message, and is left as it was', async (_, message, statements) => {
    sql(...statements)
    const schema = () => {
      const db = new DatabaseSync(file(), { readOnly: true })
      const found = [db.prepare('SELECT sql FROM sqlite_schema').all(), db.prepare('PRAGMA journal_mode').get()]
      db.close()
      return found
    }
    const before = schema()
    await expect(start()).rejects.toThrow(message)
    await expect(start()).rejects.toThrow(file())
    expect(schema()).toEqual(before)
  })
})
