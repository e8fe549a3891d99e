/**
 * `kill -9` of a log that keeps events, storage, alarms and ids together: whenever it dies, what one entry did is there
 * whole or not at all, and what was said to be kept is there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Frame } from '../../src/delivery/frame.ts'
import type { RoomLog } from '../../src/log/log.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { patiently } from '../support/patience.ts'
import { Process } from '../support/process.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'
import { CLEARED_EACH, REDACTED_EACH, TOTAL } from './moves.ts'

const MOVER = fileURLToPath(new URL('./mover.ts', import.meta.url))
const KILLS = amount(2, 6, 20)
const SEED = Number(process.env.SEED ?? 20_261)
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let folder: string
let mover: Process
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-state-'))
})
afterEach(async () => {
  await mover.stop()
  rmSync(folder, { recursive: true })
})

function start(point: string, after: number, wrapper: readonly string[] = []): void {
  const env = { FOLDER: folder, POINT: point, AFTER: String(after) }
  const [command = '', ...args] = [...wrapper, process.execPath, '--disable-warning=ExperimentalWarning', MOVER]
  mover = new Process(command, args, folder, env)
}

/** Waits for its death. The newest move that was acknowledged. */
async function acked(): Promise<number> {
  const { signal } = await patiently(mover.exited, 'the death of the mover')
  expect([signal, mover.stderr]).toEqual(['SIGKILL', ''])
  return Math.max(0, ...[...mover.stdout.matchAll(/^acked (\d+)$/gm)].map(([, n]) => Number(n)))
}

async function opened<T>(work: (room: RoomLog, log: SqliteLog) => Promise<T>): Promise<T> {
  const log = await SqliteLog.open(folder, handClock(), systemRandom(), quiet)
  try {
    return await work(await log.open('/room', { keep: 100_000, maxAgeMs: 1e15, durable: true }), log)
  } finally {
    await log.close()
  }
}

async function events(room: RoomLog): Promise<Frame[]> {
  const all: Frame[] = []
  for (let page = await room.read(0, 500); page.length > 0; page = await room.read(all.at(-1)?.seq ?? 0, 500))
    all.push(...page)
  return all
}

/** Whether all of each move is there, and of the next one nothing. */
async function mustBeWhole(least: number): Promise<void> {
  await opened(async (room, log) => {
    const { seq, first } = room
    expect(seq).toBeGreaterThanOrEqual(least)
    if (seq === 0) return
    const { storage, alarms } = room.takeState()
    const moves = Array.from({ length: Math.min(20, seq) }, (_, back) => [`move/${seq - back}`, '1'] as const)
    const amounts = [['from', String(TOTAL - seq)] as const, ['to', String(seq)] as const]
    expect(storage).toEqual(new Map([...moves, ...amounts]))
    expect([...alarms]).toEqual([['next', seq]])
    expect(await log.alarms(10)).toEqual([{ path: '/room', at: seq }])
    const cleared = Math.floor(seq / CLEARED_EACH) * CLEARED_EACH
    expect(first).toBe(Math.max(1, cleared))
    for (const { seq: n, type, data } of await events(room)) {
      const isRedacted = (n + 3) % REDACTED_EACH === 0 && n + 3 <= seq
      expect([n, type]).toEqual([n, isRedacted ? 'redacted' : 'moved'])
      expect(JSON.parse(String(data))).toMatchObject(isRedacted ? { seq: n } : { n })
    }
    expect(await room.recall('mover', String(seq))).toMatchObject({ hash: 'h', seq })
    expect(await room.recall('mover', String(seq + 1))).toBeUndefined()
  })
}

/** The disk may be busy. */
const SLOW = { timeout: 120_000 }

describe('killed at a point on the way of an entry with changes', () => {
  const points = {
    append: 'after it was handed to the log, before the commit',
    committing: 'while the thread of the database commits it',
    commit: 'after the commit, before anyone heard of it',
  }
  for (const [point, when] of Object.entries(points)) {
    it(`${when}: it is whole or not there`, SLOW, async () => {
      const random = seeded(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        start(point, 1 + random.below(300))
        await mustBeWhole(await acked())
      }
    })
  }

  it('at random: it is whole or not there', SLOW, async () => {
    const random = seeded(SEED)
    for (let kill = 1; kill <= KILLS; kill += 1) {
      start('none', 1)
      await mover.text(new RegExp(`^acked \\d*${random.below(10)}${random.below(10)}$`, 'm'))
      const dead = acked()
      await mover.stop()
      await mustBeWhole(await dead)
    }
  })

  const strace = need('strace')
  for (const call of ['pwrite64', 'fsync,fdatasync']) {
    it(`in a system call of the thread of the database (${call}): it is whole or not there`, SLOW, async () => {
      const random = seeded(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const inject = `inject=${call}:signal=KILL:when=${40 + random.below(100)}`
        start('none', 1, [strace ?? '', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject])
        await mustBeWhole(await acked())
      }
    })
  }
})

it('killed while a room is erased: all of it can be read, or nothing', SLOW, async () => {
  const random = seeded(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    start('erasing', 1 + random.below(60))
    await acked()
    await opened(async (room, log) => {
      const { storage, alarms } = room.takeState()
      const isThere = storage.size > 0
      expect([(await events(room)).length > 0, alarms.size > 0]).toEqual([isThere, isThere])
      expect((await room.recall('mover', String(room.seq))) !== undefined).toBe(isThere)
      await log.erase('/room')
    })
    await opened(async (room, log) => {
      expect([room.first, (await events(room)).length]).toEqual([room.seq + 1, 0])
      expect(await log.rooms(10)).toEqual([])
    })
    rmSync(join(folder, 'corridor.db'))
  }
})
