/**
 * What is erased is gone from the files, too, while the server runs. (SQLite moves rows between pages, and a copy may stay
 * in the unused bytes of a page: a small database is written anew. docs/LIMITS.md)
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { type KeptLog, openKept } from '../support/kept-log.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const retention = { keep: 100_000, maxAgeMs: 1e12, durable: true }

let folder: string
let clock: HandClock
let log: SqliteLog
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-erased-'))
  clock = handClock()
  log = await SqliteLog.open(folder, clock, systemRandom(), silent)
})
afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

/** The files of the log as one text. */
function contents(): string {
  const files = ['corridor.db', 'corridor.db-wal'].map((name) => join(folder, name)).filter((file) => existsSync(file))
  return Buffer.concat(files.map((file) => readFileSync(file))).toString('latin1')
}

/** How often a text is in the files of the log. */
function count(text: string): number {
  return contents().split(text).length - 1
}

/** Rooms whose events lie beside each other on disk. `secret <n>` is the text of each. */
async function speak(paths: readonly string[], events: number, longest = 400): Promise<KeptLog[]> {
  const rooms = await Promise.all(paths.map((path) => openKept(log, path, retention)))
  for (let n = 1; n <= events; n += 1) {
    const padding = 'x'.repeat((n * 7919) % longest)
    await Promise.all(
      rooms.map((room, at) =>
        room.append(
          [{ type: `type${paths[at]}`, data: JSON.stringify(`secret-${n}-of${paths[at]} ${padding}`) }],
          [{ client: `client${paths[at]}`, id: String(n), hash: `hash-${n}-of${paths[at]}.`, draft: 0 }],
          { storage: new Map([[`key-${n % 50}`, JSON.stringify(`value-of${paths[at]} ${padding}`)]]) },
        ),
      ),
    )
  }
  return rooms
}

const PATHS = ['/a', '/b', '/c'] as const

describe('in the files of the log', () => {
  it('nothing is left of an event that was redacted', async () => {
    const [room] = await speak(PATHS, 300)
    const redacted = [1, 150, 151, 300]
    for (const seq of redacted) expect(count(`secret-${seq}-of/a`)).toBeGreaterThan(0)
    await room?.append([{ type: 'redacted', data: '{}' }], [], { redacted })
    await clock.advance(1000)
    await expect.poll(() => redacted.map((seq) => count(`secret-${seq}-of/a`))).toEqual([0, 0, 0, 0])
    expect(redacted.map((seq) => count(`hash-${seq}-of/a.`))).toEqual([0, 0, 0, 0])
    expect(count('secret-152-of/a')).toBeGreaterThan(0)
    expect(count('secret-150-of/b')).toBeGreaterThan(0)
  })

  it('nothing is left of every fourth event, although rows were moved between pages', async () => {
    const [room] = await speak(PATHS, 600, 1500)
    const redacted = Array.from({ length: 150 }, (_, at) => 4 * at + 1)
    for (const seq of redacted) await room?.append([{ type: 'redacted', data: '{}' }], [], { redacted: [seq] })
    const left = async () => {
      await clock.advance(1000)
      const now = contents()
      return redacted.filter((seq) => now.includes(`secret-${seq}-of/a`))
    }
    await expect.poll(left).toEqual([])
    expect(count('secret-2-of/a')).toBeGreaterThan(0)
  })

  it('nothing is left of a history that was cleared', async () => {
    const [room] = await speak(PATHS, 300)
    await room?.append([], [], { clearsHistory: true })
    const left = async () => {
      await clock.advance(1000)
      return [1, 17, 150, 300].map((seq) => count(`secret-${seq}-of/a`))
    }
    await expect.poll(left).toEqual([0, 0, 0, 0])
    expect(count('value-of/a')).toBeGreaterThan(0)
    expect(count('secret-150-of/b')).toBeGreaterThan(0)
  })

  it('nothing is left of a room that was erased, but its path', async () => {
    await speak(PATHS, 300)
    expect(await log.erase('/a')).toBe(true)
    expect(['secret-1-of/a', '-of/a', 'type/a', 'value-of/a'].map(count)).toEqual([0, 0, 0, 0])
    expect(count('secret-150-of/b')).toBeGreaterThan(0)
  })
})

it('a room that is being erased already is erased again after that', async () => {
  const [room] = await speak(['/a'], 3)
  await room?.close()
  const erased = await Promise.all([1, 2, 3].map(() => log.erase('/a')))
  expect(erased[0]).toBe(true)
  expect(await log.rooms(10)).toEqual([])
  const again = await openKept(log, '/a', retention)
  await again.append([{ type: 'a', data: '{}' }])
  expect((await log.rooms(10)).map(({ path }) => path)).toEqual(['/a'])
})
