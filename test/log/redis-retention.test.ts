/** What the Redis log removes when it is too old, what it keeps until then, and that nothing of it is left. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IdempotencyKey } from '../../src/log/log.ts'
import { bucketOf } from '../../src/log/redis/keys.ts'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { type KeptLog, openKept } from '../support/kept-log.ts'
import { draft, seqs } from '../support/log-under-test.ts'
import { uuidAt } from '../support/logs.ts'
import { CountedCalls, TestRedis } from '../support/redis-log.ts'

const HOUR_MS = 3_600_000
const retention = { keep: 100_000, maxAgeMs: 10 * HOUR_MS, durable: true }
const command = need('redis')

const key = (id: string, client = 'ann'): IdempotencyKey => ({ client, id, hash: 'aB3_-dEfGhIjKl', draft: 0 })
const redact = (seq: number) => [[{ type: 'redacted', data: `{"seq":${seq}}` }], [], { redacted: [seq] }] as const

describe.skipIf(!command)('a room in Redis', () => {
  let redis: TestRedis
  let clock: HandClock
  let calls: CountedCalls
  let log: RedisLog

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  beforeEach(async () => {
    clock = handClock()
    calls = new CountedCalls(redis.connection)
    log = await redis.log(clock, { calls })
  })
  afterEach(async () => {
    // No key of a room ends by itself.
    for (const name of await redis.keys())
      expect([name, await redis.connection.command('TTL', name)]).toEqual([name, -1])
    await log.close()
    await redis.empty()
  })

  const open = (more: object = {}) => openKept(log, '/room', { ...retention, ...more })
  /** Time passes, and whoever looks for old things has done so. */
  const pass = async (ms: number) => {
    for (const part of [ms - 20_000, 10_000, 10_000]) {
      await clock.advance(part)
      await calls.idle()
    }
  }
  const ask = (name: string, kind: string, ...args: (string | number)[]) =>
    redis.connection.command(name, `${bucketOf('/room')}${kind}/room`, ...args)
  const kinds = async () =>
    (await redis.keys())
      .filter((name) => name !== 'corridor:secret')
      .map((name) => name.replace(/^corridor:\{\d+\}/, ''))
  const idKeys = async () => (await kinds()).filter((name) => /^[icx]\d/.test(name))

  it('has the events that are young enough, however they lie in time', async () => {
    const room = await open()
    const times: number[] = []
    for (let hour = 0; hour < 30; hour += 1) {
      await room.append(Array.from({ length: 1 + ((hour * 37) % 90) }, () => draft('a')))
      while (times.length < room.seq) times.push(clock.now())
      await pass(HOUR_MS)
      const expected = times.findIndex((time) => time >= clock.now() - 10 * HOUR_MS) + 1
      expect(room.first).toBe(expected)
      expect(await ask('XLEN', 'e')).toBe(room.seq - expected + 1)
    }
    await pass(11 * HOUR_MS)
    expect([room.first, await ask('XLEN', 'e')]).toEqual([room.seq + 1, 0])
    expect(await room.append([draft('b')])).toBe(times.length + 1)
  })

  it('removes 50,000 events in steps, and those that are too many when it keeps fewer', async () => {
    const room = await open()
    for (let n = 0; n < 50; n += 1) await room.append(Array.from({ length: 1000 }, () => draft('a')))
    await room.close()
    const fewer = await open({ keep: 45_000 })
    expect([fewer.first, await ask('XLEN', 'e')]).toEqual([5001, 45_000])
    await pass(9 * HOUR_MS)
    await fewer.append([draft('b')])
    await pass(2 * HOUR_MS)
    expect([fewer.first, await ask('XLEN', 'e')]).toEqual([50_001, 1])
    expect(calls.said.get('trim')).toBeGreaterThan(4)
  })

  it('keeps the place of a redacted event as long as an event, also where it is the oldest or the newest', async () => {
    const room = await open()
    await room.append([draft('a'), draft('b')])
    await pass(5 * HOUR_MS)
    await room.append([draft('c'), draft('d')])
    for (const seq of [1, 2, 3]) await room.append(...redact(seq))
    await pass(4 * HOUR_MS)
    expect([room.first, seqs(await room.read(0, 100))]).toEqual([1, [1, 2, 3, 4, 5, 6, 7]])
    await pass(2 * HOUR_MS)
    expect([room.first, seqs(await room.read(0, 100))]).toEqual([3, [3, 4, 5, 6, 7]])
    expect(await ask('HLEN', 'r')).toBe(1)
    await room.close()
    const again = await open()
    expect([again.first, seqs(await again.read(0, 100))]).toEqual([3, [3, 4, 5, 6, 7]])
    await again.append([draft('e')])
    await again.append([], [], { redacted: [8] })
    await pass(5 * HOUR_MS)
    expect([again.first, seqs(await again.read(0, 100))]).toEqual([8, [8]])
    await pass(6 * HOUR_MS)
    expect([again.first, await ask('EXISTS', 'r')]).toEqual([9, 0])
  })

  it('forgets a part of its ids a day after its last one, not before its events, and then knows that there were some', async () => {
    const room = await open({ maxAgeMs: 40 * HOUR_MS })
    const early = uuidAt(clock.now())
    for (let n = 0; n < 300; n += 1) await room.append([draft('a')], [key(n === 0 ? early : `1 ${n}`)])
    await pass(9 * HOUR_MS)
    for (let n = 0; n < 300; n += 1) await room.append([draft('a')], [key(`2 ${n}`)])
    const both = await idKeys()
    expect(both.some((name) => name.startsWith('i1.')) && both.some((name) => name.startsWith('i2.'))).toBe(true)
    await pass(30 * HOUR_MS)
    expect(await idKeys()).toEqual(both)
    await pass(2 * HOUR_MS)
    // The events of the first part are gone, and with them the part.
    expect(room.first).toBe(301)
    expect((await idKeys()).filter((name) => /^[icx]1\./.test(name))).toEqual([])
    expect(await room.recall('ann', '1 5')).toBeUndefined()
    expect(await room.recall('ann', '2 5')).toMatchObject({ seq: 306 })
    await room.close()
    expect(await (await open({ maxAgeMs: 40 * HOUR_MS })).recall('ann', early)).toBe('forgotten')
    await pass(20 * HOUR_MS)
    expect([await idKeys(), await ask('EXISTS', 'q')]).toEqual([[], 0])
    expect(Number(await ask('HGET', 'm', 'ic'))).toBe(0)
  })

  it('has few parts of ids where events are kept for long, since each id is looked for in all', async () => {
    const room = await open({ maxAgeMs: 120 * 24 * HOUR_MS })
    for (let day = 0; day < 11; day += 1) {
      await room.append(
        [draft('a')],
        Array.from({ length: 100 }, (_, n) => ({ client: 'ann', id: `${day} ${n}`, hash: 'h' })),
      )
      await pass(24 * HOUR_MS)
    }
    expect(String(await ask('GET', 'q')).split(';')).toHaveLength(4)
    for (const id of ['0 5', '4 99', '5 0', '10 1']) expect(await room.recall('ann', id)).toMatchObject({ hash: 'h' })
  })

  it('remembers ids for a day where events are kept for less', async () => {
    const room = await open({ maxAgeMs: HOUR_MS })
    await room.append([draft('a')], [key('1')])
    await pass(23 * HOUR_MS)
    expect([room.first, await room.recall('ann', '1')]).toEqual([2, expect.objectContaining({ seq: 1 })])
    await pass(2 * HOUR_MS)
    expect(await room.recall('ann', '1')).toBeUndefined()
  })

  it('forgets producers that are silent for a day, and as long as events are kept', async () => {
    const room = await open({ maxAgeMs: 30 * HOUR_MS })
    await room.append([draft('a')], [{ producer: 'early', epoch: 0, seq: 1 }])
    await pass(20 * HOUR_MS)
    await room.append([draft('a')], [{ producer: 'late', epoch: 0, seq: 1 }])
    await pass(9 * HOUR_MS)
    expect(await room.producer('early')).toEqual({ epoch: 0, seq: 1 })
    await pass(2 * HOUR_MS)
    expect([await room.producer('early'), await room.producer('late')]).toEqual([undefined, { epoch: 0, seq: 1 }])
    await pass(20 * HOUR_MS)
    expect([await ask('EXISTS', 'p'), await ask('EXISTS', 'o')]).toEqual([0, 0])
  })

  it('has no epochs from which nobody can resume', async () => {
    const epochs: KeptLog[] = []
    for (let n = 0; n < 20; n += 1) {
      const room = await open()
      epochs.push(room)
      await room.append([draft('a')])
      await room.close()
      await pass(HOUR_MS)
    }
    const room = await open()
    expect(room.first).toBe(11)
    // The one that ends just before the oldest event is still of use.
    expect(await ask('LLEN', 'l')).toBe(11)
    expect(room.locate(epochs[9]?.epoch ?? '', 10)).toEqual({ after: 10 })
    expect(room.locate(epochs[15]?.epoch ?? '', 16)).toEqual({ after: 16 })
    expect(room.locate(epochs[15]?.epoch ?? '', 3)).toEqual({ lost: 'trimmed' })
    expect(room.locate(epochs[2]?.epoch ?? '', 3)).toEqual({ lost: 'epoch' })
  })
})
