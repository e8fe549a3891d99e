/** How the Redis log looks after rooms that are not open: what is too old goes, and of a room that is gone no key is left. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import type { Log, Retention } from '../../src/log/log.ts'
import { bucketOf } from '../../src/log/redis/keys.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { openKept } from '../support/kept-log.ts'
import { draft } from '../support/log-under-test.ts'
import { uuidAt } from '../support/logs.ts'
import { CountedCalls, TestRedis } from '../support/redis-log.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Whoever looks does so each time. */
const ROUND_MS = 600_000
const retention = { keep: 1000, maxAgeMs: 10 * HOUR_MS, durable: true }
const command = need('redis')

const all = {
  storage: new Map([['a', '1']]),
  alarms: new Map([['ring', 5]]),
}
const gone = { storage: new Map([['a', undefined]]), alarms: new Map([['ring', undefined]]) }

describe.skipIf(!command)('a closed room in Redis', () => {
  let redis: TestRedis
  let clock: HandClock
  let calls: CountedCalls
  let log: Log
  let warned: string[]

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  beforeEach(async () => {
    warned = []
    clock = handClock()
    calls = new CountedCalls(redis.connection)
    const logger: RoomLogger = {
      debug() {},
      info() {},
      warn: (fields: unknown) => void warned.push(JSON.stringify(fields)),
      error() {},
    }
    log = await redis.log(clock, { calls, logger })
  })
  afterEach(async () => {
    await log.close()
    await redis.empty()
  })

  /** Time passes, at its end with two rounds of whoever looks. */
  const pass = async (ms: number) => {
    for (const part of [ms - 2 * ROUND_MS, ROUND_MS, ROUND_MS]) {
      await clock.advance(part)
      await calls.idle()
    }
  }
  /** All that stands in Redis, by kind and path. */
  const kinds = async () => {
    const names = (await redis.keys()).map((name) => name.replace(/^corridor:(\{\d+\})?/, ''))
    return names.filter((name) => name !== 'secret')
  }
  /** A room with everything in it, closed. */
  const used = async (path = '/room', more: Partial<Retention> = {}) => {
    const room = await openKept(log, path, { ...retention, ...more })
    for (let n = 0; n < 150; n += 1)
      await room.append(
        [draft('a')],
        [
          { client: `c ${n}`, id: uuidAt(clock.now() + n), hash: 'h', draft: 0 },
          { producer: `p ${n}`, epoch: 0, seq: 1 },
        ],
      )
    const error = { code: 'mine', message: 'no' }
    await room.append([draft('b')], [{ client: 'ann', id: '1', hash: 'h', error }], { ...all, redacted: [3] })
    await room.close()
    await calls.idle()
    return room
  }

  it('loses what is too old piece by piece, and a week after its last use is gone without a trace', async () => {
    const { epoch } = await used()
    expect((await kinds()).length).toBeGreaterThan(15)
    await pass(11 * HOUR_MS)
    expect(await log.peek('/room')).toMatchObject({ first: 152, seq: 151 })
    await pass(14.5 * HOUR_MS)
    expect((await kinds()).filter((name) => /^[icxqpor]/.test(name) && name !== 'rooms')).toEqual([])
    const room = await openKept(log, '/room', retention)
    expect(room.takeState().storage).toEqual(all.storage)
    expect(await room.recall('c 7', uuidAt(Date.UTC(2026, 0, 1) + 7))).toBe('forgotten')
    await pass(8 * DAY_MS)
    await room.append([], [], gone)
    await room.close()
    await pass(6 * DAY_MS)
    expect(await log.rooms(10)).toEqual([])
    const again = await openKept(log, '/room', retention)
    expect(again.locate(epoch, 151)).toEqual({ after: 151 })
    await again.close()
    await pass(8 * DAY_MS)
    expect(await kinds()).toEqual([])
    const anew = await openKept(log, '/room', retention)
    expect([anew.seq, anew.locate(epoch, 151)]).toEqual([0, { lost: 'truncated' }])
    expect(await anew.append([draft('a')])).toBe(1)
  })

  it.each([
    ['its storage', { storage: all.storage }, ['s']],
    ['an alarm', { alarms: all.alarms }, ['a']],
  ])('stays for %s, however old it is', async (_, changes, kept) => {
    const room = await openKept(log, '/room', retention)
    await room.append([draft('a')], [], changes)
    await room.close()
    await pass(60 * DAY_MS)
    expect(await kinds()).toEqual(expect.arrayContaining(kept.map((kind) => `${kind}/room`)))
    expect(await log.rooms(10)).toMatchObject([{ path: '/room', seq: 1 }])
    expect((await openKept(log, '/room', retention)).first).toBe(2)
  })

  it('that is erased leaves its numbers and epochs for a week, and then nothing', async () => {
    await used()
    expect(await log.erase('/room')).toBe(true)
    expect((await kinds()).sort()).toEqual(['e/room', 'l/room', 'm/room', 'rooms'])
    expect(await log.alarms(10)).toEqual([])
    await pass(6 * DAY_MS)
    expect(await log.peek('/room')).toMatchObject({ first: 152, seq: 151 })
    await pass(2 * DAY_MS)
    expect(await kinds()).toEqual([])
  })

  it('is forgotten whole when nobody has used it for as long as it says', async () => {
    await used('/room', { forgetAfterMs: 3 * HOUR_MS })
    await used('/other')
    await pass(2 * HOUR_MS)
    await (await openKept(log, '/room', { ...retention, forgetAfterMs: 3 * HOUR_MS })).close()
    await pass(2 * HOUR_MS)
    expect((await log.rooms(10)).map(({ path }) => path)).toEqual(['/other', '/room'])
    await pass(1.5 * HOUR_MS)
    expect((await log.rooms(10)).map(({ path }) => path)).toEqual(['/other'])
    expect((await kinds()).filter((name) => name.endsWith('/room')).sort()).toEqual(['e/room', 'l/room', 'm/room'])
  })

  it('is not forgotten by one server while another has it open, though nothing happens in it', async () => {
    const other = await redis.log(clock, { calls })
    const room = await openKept(other, '/room', { ...retention, forgetAfterMs: HOUR_MS })
    await room.append([draft('a')], [], all)
    for (let round = 0; round < 12; round += 1) {
      await clock.advance(ROUND_MS)
      await calls.idle()
    }
    await room.append([draft('b')])
    expect((await log.contents('/room'))?.storage).toHaveLength(1)
    await other.close()
    await pass(2 * HOUR_MS)
    expect(await log.rooms(10)).toEqual([])
  })

  it('is looked after whatever is wrong with others', async () => {
    await used('/room')
    await used('/broken')
    for (const path of ['/broken', '/room']) {
      const key = `${bucketOf(path)}o${path}`
      if (path === '/broken') await redis.connection.command('DEL', key)
      if (path === '/broken') await redis.connection.command('SET', key, 'no sorted set')
    }
    await pass(11 * HOUR_MS)
    expect(await log.peek('/room')).toMatchObject({ first: 152 })
    expect(warned.join('')).toContain('WRONGTYPE')
  })

  it('costs a question for many of its kind where nothing is too old', async () => {
    for (let n = 0; n < 60; n += 1) {
      const room = await openKept(log, `/r/${n}`, retention)
      await room.append([draft('a')], [{ client: 'ann', id: '1', hash: 'h' }], all)
      await room.close()
    }
    await calls.idle()
    calls.said.clear()
    await clock.advance(ROUND_MS)
    await calls.idle()
    expect(Object.fromEntries(calls.said)).toEqual({ sweep: 1024 })
  })
})
