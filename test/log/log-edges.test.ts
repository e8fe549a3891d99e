/** The edges of the log on disk: what is refused disturbs no number, and a room opened again counts on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Frame } from '../../src/delivery/frame.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { RoomError } from '../../src/errors.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { openKept } from '../support/kept-log.ts'

describe('the log on disk', () => {
  const clock = handClock()
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const retention = { keep: 1_000_000, maxAgeMs: 1e9, durable: true }
  const draft = { type: 'message', data: '{}' }
  let folder: string
  let log: SqliteLog

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corridor-log-'))
    log = await SqliteLog.open(folder, clock, systemRandom(), silent)
  })
  afterEach(async () => {
    await log.close()
    await rm(folder, { recursive: true })
  })

  it('counts on where a room is opened again right after its last event was published', async () => {
    const before = await openKept(log, '/room', retention)
    const last = before.append([draft, draft])
    const closed = before.close()
    await expect(before.append([draft])).rejects.toMatchObject({ code: 'unavailable' })
    await closed
    const after = await openKept(log, '/room', retention)
    expect(await last).toBe(1)
    expect(after.seq).toBe(2)
    expect(await after.append([draft])).toBe(3)
  })

  it('stays under one epoch while the process lives, so that opening a room again costs nobody an offset', async () => {
    const before = await openKept(log, '/room', retention)
    await before.close()
    const after = await openKept(log, '/room', retention)
    expect(after.epoch).toBe(before.epoch)
  })

  it('keeps one of two events that come under one id at once, and harms nobody else', async () => {
    const room = await openKept(log, '/room', retention)
    const other = await openKept(log, '/other', retention)
    const key = { client: 'ann', id: '1', hash: 'h', draft: 0 }
    const [first, second, third] = await Promise.allSettled([
      room.append([draft], [key]),
      room.append([draft], [key]),
      other.append([draft]),
    ])
    expect(first).toMatchObject({ status: 'fulfilled', value: 1 })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
    expect(third).toMatchObject({ status: 'fulfilled', value: 1 })
    expect(log.trouble).toBeUndefined()
    expect(await room.recall('ann', '1')).toMatchObject({ seq: 1 })
  })

  it('refuses what is too much at once, without a hole for the rest', async () => {
    const room = await openKept(log, '/room', retention)
    const large = { type: 'message', data: JSON.stringify('x'.repeat(8 * 1024 * 1024)) }
    const first = room.append([draft])
    const under = Array.from({ length: 9 }, () => room.append([large]))
    const results = await Promise.allSettled(under)
    const kept = results.filter(({ status }) => status === 'fulfilled')
    expect(kept.length).toBe(8)
    expect(results.at(-1)).toMatchObject({ reason: { code: 'unavailable' } })
    expect(await first).toBe(1)
    expect(await room.append([draft])).toBe(10)
    expect(log.trouble).toBeUndefined()
  })

  it('refuses broadcasts beyond 8 MiB behind an append that is not kept yet, and takes them again after it', async () => {
    const heard: string[] = []
    const room = await openKept(log, '/room', retention, (frame) => void heard.push(String(payloadOf(frame))))
    const large = new Frame(undefined, 'x'.repeat(1024 * 1024))
    // Twice: what waited behind the first counts no more behind the second.
    for (let round = 0; round < 2; round += 1) {
      const kept = room.append([draft])
      const said = Array.from({ length: 20 }, () => {
        try {
          room.carry(large)
          return 'carried'
        } catch (error) {
          return (error as RoomError).code
        }
      })
      expect(said).toEqual([...Array(9).fill('carried'), ...Array(11).fill('unavailable')])
      await kept
    }
    room.carry(new Frame(undefined, 'after'))
    expect([heard.length, heard.at(-1)]).toEqual([2 * (1 + 9) + 1, 'after'])
  })

  it('resumes the epoch of before a restart at its very end, also when all its events were removed since', async () => {
    const room = await openKept(log, '/room', { ...retention, maxAgeMs: 1000 })
    await room.append([draft, draft])
    await log.close()
    log = await SqliteLog.open(folder, clock, systemRandom(), silent)
    await clock.advance(100_000)
    const next = await openKept(log, '/room', { ...retention, maxAgeMs: 1000 })
    await next.close()
    await log.close()
    log = await SqliteLog.open(folder, clock, systemRandom(), silent)
    const last = await openKept(log, '/room', { ...retention, maxAgeMs: 1000 })
    expect([last.first, last.seq]).toEqual([3, 2])
    expect(last.locate(room.epoch, 2)).toEqual({ after: 2 })
    expect(last.locate(room.epoch, 1)).toEqual({ lost: 'trimmed' })
  })
})
