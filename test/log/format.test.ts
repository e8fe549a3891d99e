/** A database is opened only where it is ours and of a format we know; any other stops the start, and is left as it was. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
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
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    expect(db.prepare('SELECT room FROM events').all()).toEqual([{ room: 7 }])
    db.close()
  })

  it.each([
    ['of a newer format', /format 1, got format 2; start the newer version/, [...BEFORE, 'PRAGMA user_version = 2']],
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
