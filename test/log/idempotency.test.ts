/** Idempotency of the logs: a new id needs no read from disk, and all that is idempotency is bounded. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { REMEMBER_MS } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { MemoryIdempotency } from '../../src/log/memory-idempotency.ts'
import { SqliteFile } from '../../src/log/sqlite/file.ts'
import { SqliteIdempotency } from '../../src/log/sqlite/idempotency.ts'
import { fingerprint, SeenIds } from '../../src/log/sqlite/seen-ids.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { openKept } from '../support/kept-log.ts'
import { uuidAt } from '../support/logs.ts'

describe('the seen ids', () => {
  it('are all found again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'corridor-ids-'))
    const silent = { debug() {}, info() {}, warn() {}, error() {} }
    const log = await SqliteLog.open(folder, handClock(), systemRandom(), silent)
    const room = await openKept(log, '/room', { keep: 10, maxAgeMs: 1e9, durable: true })
    const draft = { type: 'said', data: '""' }
    const keys = (batch: number) =>
      Array.from({ length: 1000 }, (_, i) => ({
        client: `client ${i % 100}`,
        id: `${batch}-${i}`,
        hash: 'h',
        draft: 0,
      }))
    const append = async (batch: number) => {
      for (const key of keys(batch)) expect(await room.recall(key.client, key.id)).toBeUndefined()
      await Promise.all(keys(batch).map((key) => room.append([draft], [key])))
    }
    await append(0)
    for (let batch = 1; batch <= 10; batch += 1) await append(batch)
    for (const batch of [0, 5, 10]) {
      for (const { client, id } of keys(batch)) expect(await room.recall(client, id)).toMatchObject({ hash: 'h' })
    }
    await log.close()
    rmSync(folder, { recursive: true })
  })

  /** Seen ids over a disk with these ids of each client; `asked`: the reads from it. */
  function disk(ids: Record<string, string[]>) {
    const asked: string[] = []
    const used = new Map(Object.entries(ids))
    const seenIds = new SeenIds({
      async ids(_, client, limit) {
        asked.push(`ids of ${client}`)
        const prints = Int32Array.from(used.get(client) ?? [], fingerprint).slice(0, limit)
        return { prints, forgottenMs: undefined, hasDigests: false }
      },
      async answer(_, client, id) {
        asked.push(`${client} ${id}`)
        return used.get(client)?.includes(id) ? { hash: 'h', seq: 1 } : undefined
      },
    })
    return { seenIds, asked }
  }

  it('are read once for each client; then a new id is known to be new at once', async () => {
    const { seenIds, asked } = disk({ ann: ['1', '2'] })
    expect(await seenIds.find(1, 'ann', '3')).toBeUndefined()
    expect(seenIds.find(1, 'ann', '4')).toBeUndefined()
    expect(await seenIds.find(1, 'ann', '2')).toMatchObject({ seq: 1 })
    expect(asked).toEqual(['ids of ann', 'ann 2'])
  })

  it('grow with each answer, and are separate for each room', async () => {
    const { seenIds, asked } = disk({})
    expect(await seenIds.find(1, 'ann', '1')).toBeUndefined()
    seenIds.add(1, 'ann', '1')
    await seenIds.find(1, 'ann', '1')
    await seenIds.find(2, 'ann', '1')
    expect(asked).toEqual(['ids of ann', 'ann 1', 'ids of ann'])
  })

  it('are read again if an answer was added during the read', async () => {
    const { seenIds, asked } = disk({})
    const reading = seenIds.find(1, 'ann', '1')
    seenIds.add(1, 'ann', '2')
    await reading
    await seenIds.find(1, 'ann', '2')
    expect(asked).toEqual(['ids of ann', 'ids of ann'])
  })

  it('of a client with very many ids are read from disk each time', async () => {
    const { seenIds, asked } = disk({ ann: Array.from({ length: 10_001 }, (_, i) => String(i)) })
    expect(await seenIds.find(1, 'ann', 'new')).toBeUndefined()
    expect(await seenIds.find(1, 'ann', '10000')).toMatchObject({ seq: 1 })
    expect(asked).toEqual(['ids of ann', 'ann new', 'ann 10000'])
  })

  it('are bounded: the least recently used client is read again', async () => {
    const { seenIds, asked } = disk({})
    for (const client of ['ann', 'ben']) await seenIds.find(1, client, 'x')
    for (let i = 0; i < 49_998; i += 1) await seenIds.find(1, `client ${i}`, 'x')
    asked.length = 0
    expect(seenIds.find(1, 'ann', 'x')).toBeUndefined()
    await seenIds.find(1, 'one more', 'x')
    await seenIds.find(1, 'ann', 'x')
    await seenIds.find(1, 'ben', 'x')
    expect(asked).toEqual(['ids of one more', 'ids of ben'])
  })
})

describe('a client whose clock was ahead and is set right', () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const HOUR_MS = 3_600_000
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-ids-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each([
    ['in memory', (clock: HandClock) => new MemoryLog(clock, systemRandom())],
    ['on disk', (clock: HandClock) => SqliteLog.open(folder, clock, systemRandom(), silent)],
  ])('sends new ids that count as new, with a log %s', async (_, open) => {
    const clock = handClock()
    const log = await open(clock)
    const room = await openKept(log, '/room', { keep: 1, maxAgeMs: 1e9, durable: true })
    const say = async (id?: string) => {
      await room.append([{ type: 'said', data: '""' }], id ? [{ client: 'ann', id, hash: 'h', draft: 0 }] : [])
    }
    const ahead = [uuidAt(clock.now() + 365 * 24 * HOUR_MS), uuidAt(clock.now() + 23 * HOUR_MS)] as const
    for (const id of ahead) await say(id)
    await clock.advance(25 * HOUR_MS)
    await say()
    await room.close()
    const again = await openKept(log, '/room', { keep: 1, maxAgeMs: 1e9, durable: true })
    expect(await again.recall('ann', uuidAt(clock.now()))).toBeUndefined()
    expect(await again.recall('ann', ahead[1])).toBe('forgotten')
    await log.close()
  })
})

describe('the times of forgotten ids', () => {
  const MOST = 10
  const key = (at: number) => ({ client: `client ${at}`, id: uuidAt(at), hash: 'h', draft: 0 })

  it('are bounded in memory: the latest clients are known, the first count as new', () => {
    const idempotency = new MemoryIdempotency(MOST)
    for (let at = 0; at < 3 * MOST; at += 1) idempotency.keep(key(at), [], at)
    idempotency.trim(REMEMBER_MS + 3 * MOST, 1)
    const known = Array.from({ length: 3 * MOST }, (_, at) => idempotency.recall(key(at).client, key(at).id))
    expect(known).toEqual([...Array(2 * MOST).fill(undefined), ...Array(MOST).fill('forgotten')])
  })

  it('of one client are its latest time, whatever the order of its ids', () => {
    const idempotency = new MemoryIdempotency(MOST)
    for (const at of [5, 9, 2]) idempotency.keep({ ...key(at), client: 'ann' }, [], at)
    idempotency.trim(REMEMBER_MS + 10, 1)
    expect(idempotency.recall('ann', uuidAt(9))).toBe('forgotten')
    expect(idempotency.recall('ann', uuidAt(10))).toBeUndefined()
  })

  it('are bounded on disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'corridor-ids-'))
    const file = new SqliteFile(join(folder, 'corridor.db'))
    const idempotency = new SqliteIdempotency(file, MOST)
    for (let at = 0; at < 3 * MOST; at += 1) {
      idempotency.keep({ room: at % 2, key: key(at), seq: undefined, time: at })
      for (const room of [0, 1]) idempotency.forget(room, at + 1, 0, 100)
    }
    const rows = Number(file.get('SELECT count(*) AS count FROM forgotten')?.count)
    expect(rows).toBeGreaterThan(MOST / 2)
    expect(rows).toBeLessThanOrEqual(MOST)
    const last = 3 * MOST - 1
    expect(idempotency.answer(last % 2, key(last).client, key(last).id)).toBe('forgotten')
    expect(idempotency.answer(0, key(0).client, key(0).id)).toBeUndefined()
    file.close()
    rmSync(folder, { recursive: true })
  })
})
