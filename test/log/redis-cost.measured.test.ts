/** What the log in Redis takes of its memory and time (catalogue: RR10 to RR14). */
import { hash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Draft, IdempotencyKey } from '../../src/log/log.ts'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { RedisSweep } from '../../src/log/redis/sweep.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { type KeptLog, openKept } from '../support/kept-log.ts'
import { CountedCalls, TestRedis } from '../support/redis-log.ts'

const MIB = 1024 * 1024
const ROOMS = 100_000
const ERASED = 2000
const command = need('redis')
const retention = { keep: 1e7, maxAgeMs: 7 * 86_400_000, durable: true, ids: 2e6 }
/** 130 bytes of data. */
const EVENT: Draft = {
  type: 'message',
  data: JSON.stringify({ from: { id: randomUUID(), name: 'ann' }, text: 'x'.repeat(53) }),
}

const key = (client: string, more: object = { draft: 0 }): IdempotencyKey => {
  const id = randomUUID()
  return { client, id, hash: hash('sha256', id, 'base64url').slice(0, 22), ...more }
}

describe.skipIf(!command)(
  'Redis',
  () => {
    let redis: TestRedis
    let log: RedisLog

    beforeAll(async () => {
      redis = await TestRedis.start(command ?? '')
      log = await redis.log()
    })
    afterAll(async () => {
      await log.close()
      await redis.remove()
    })

    /** So many at a time. */
    const inParts = async (count: number, size: number, work: (index: number) => Promise<unknown>) => {
      for (let at = 0; at < count; at += size)
        await Promise.all(Array.from({ length: Math.min(size, count - at) }, (_, next) => work(at + next)))
    }
    /** Bytes of Redis for each of so many. */
    const bytesOf = async (count: number, size: number, work: (index: number) => Promise<unknown>) => {
      const before = await redis.bytes()
      await inParts(count, size, work)
      return ((await redis.bytes()) - before) / count
    }
    const open = (path: string) => openKept(log, path, retention)
    /** Of each of so many, one after the other: the middle, what 1 % are slower than, the longest. */
    const msOf = async (count: number, work: (index: number) => Promise<unknown>) => {
      const all: number[] = []
      for (let index = 0; index < count; index += 1) {
        const startedMs = performance.now()
        await work(index)
        all.push(performance.now() - startedMs)
      }
      all.sort((a, b) => a - b)
      const at = (share: number) => all[Math.floor(count * share)] ?? 0
      return { middle: at(0.5), slow: at(0.99), longest: all.at(-1) ?? 0 }
    }

    it('takes few bytes for an event, an id, a room', async () => {
      expect(EVENT.data).toHaveLength(130)
      const events = await open('/events')
      const both = await open('/both')
      const ids = await open('/ids')
      const none = { draft: undefined }
      bound('RR10', 'bytes for an event of 130', await bytesOf(50_000, 2000, () => events.append([EVENT])), 220)
      bound(
        'RR10',
        'bytes for one with an id',
        await bytesOf(50_000, 2000, () => both.append([EVENT], [key('ann')])),
        260,
      )
      const id = (index: number) => ids.append([], [key(`client ${index % 100}`, none)])
      bound('RR10', 'bytes for an id without an event', await bytesOf(50_000, 2000, id), 38)
      const client = (index: number) => both.append([], [key(`other ${index}`, none)])
      bound('RR10', 'bytes for one of a client of its own', await bytesOf(50_000, 2000, client), 56)
      const room = async (path: string, work: (room: KeptLog) => Promise<unknown>) => {
        const opened = await open(path)
        await work(opened)
        await opened.close()
      }
      const stored = { storage: new Map([['a', '1']]) }
      const storing = (index: number) => room(`/stored/${index}`, (each) => each.append([], [], stored))
      bound('RR10', 'bytes for a room with one small value', await bytesOf(2000, 100, storing), 800)
      const before = await redis.bytes()
      const saying = (index: number) => room(`/said/${index}`, (each) => each.append([EVENT]))
      bound('RR10', 'bytes for a room with one event', await bytesOf(ERASED, 100, saying), 5500)
      await inParts(ERASED, 100, (index) => log.erase(`/said/${index}`))
      bound('RR10', 'bytes for a room that is erased', ((await redis.bytes()) - before) / ERASED, 1200)
    })

    it('keeps a million ids in a room', async () => {
      const few = await open('/few')
      const many = await open('/many')
      const say = (room: KeptLog) => () => room.append([EVENT], [key('ann')])
      const sayMany = (room: KeptLog) => () => Promise.all(Array.from({ length: 256 }, say(room)))
      const fresh = { one: await msOf(500, say(few)), many: await msOf(30, sayMany(few)) }
      const bytes = await bytesOf(1_000_000, 4000, (index) =>
        many.append([], [key(`c ${index % 1000}`, { draft: undefined })]),
      )
      const full = { one: await msOf(500, say(many)), many: await msOf(30, sayMany(many)) }
      bound('RR11', 'bytes for each of a million', bytes, 38)
      bound('RR11', 'ms of a commit with one id more than in a new room', full.one.middle - fresh.one.middle, 2)
      bound('RR11', 'ms of one with 256 more than in a new room', full.many.middle - fresh.many.middle, 15)
      await many.close()
      bound('RR11', 'ms to open the room', (await msOf(20, async () => (await open('/many')).close())).middle, 20)
      bound('RR11', 'ms to erase it', (await msOf(1, () => log.erase('/many'))).longest, 300)
    })

    it('opens rooms', async () => {
      const texts = await open('/fifty')
      for (let n = 0; n < 50; n += 1) await texts.append([EVENT], [key('ann')])
      await texts.close()
      const large = await open('/large')
      const values = Array.from(
        { length: 256 },
        (_, n) => [`key ${n}`, JSON.stringify('x'.repeat(MIB / 256 - 12))] as const,
      )
      await large.append([], [], { storage: new Map(values) })
      await large.close()
      const opening = (path: string) => msOf(100, async () => (await open(path)).close())
      bound('RR13', 'ms for a room with 50 events', (await opening('/fifty')).middle, 5)
      bound('RR13', 'ms for one with 1 MiB of storage', (await opening('/large')).middle, 30)
    })

    it('is copied while it is written to', async () => {
      const room = await open('/copied')
      const say = () => room.append([EVENT], [key('ann')])
      await msOf(50, () => Promise.all(Array.from({ length: 256 }, say)))
      const usual = await msOf(2000, say)
      let [bytes, isOver] = [0, false]
      const startedMs = performance.now()
      const copying = (async () => {
        for await (const piece of log.backup()) bytes += piece.length
        isOver = true
      })()
      const during: number[] = []
      while (!isOver) during.push((await msOf(1, say)).longest)
      await copying
      tell('RR14', 'MiB of the copy', bytes / MIB)
      tell('RR14', 's to make it', (performance.now() - startedMs) / 1000)
      during.sort((a, b) => a - b)
      const slow = during[Math.floor(during.length * 0.99)] ?? 0
      tell('RR14', 'ms of a commit without one', usual.middle)
      bound('RR14', 'ms of a commit meanwhile', during[Math.floor(during.length / 2)], 10)
      bound('RR14', 'ms of the slowest 1 % meanwhile, more than without', slow - usual.slow, 50)
    })

    it('looks after a hundred thousand rooms', async () => {
      const before = performance.now()
      await inParts(ROOMS, 500, async (index) => {
        const room = await open(`/r/${index}`)
        const at = Date.UTC(2100) + index
        const alarms = index % 10 === 0 ? { alarms: new Map([['ring', at]]) } : {}
        await room.append([], [], { storage: new Map([['a', '1']]), ...alarms })
        await room.close()
      })
      tell('RR12', 's to make them', (performance.now() - before) / 1000)
      const calls = new CountedCalls(redis.connection)
      const clock = handClock()
      const logger = { debug() {}, info() {}, warn() {}, error() {} }
      const sweep = new RedisSweep({ clock, calls, logger, isOpen: () => false, erase: async () => {} })
      const round = await msOf(1, async () => {
        await clock.advance(600_000)
        await calls.idle()
      })
      sweep.end()
      bound('RR12', 'questions of a round that looks for what is too old', calls.count, 5000)
      bound('RR12', 's of the round', round.longest / 1000, 10)
      bound('RR12', 'ms for the next 100 alarms', (await msOf(20, () => log.alarms(100))).middle, 100)
      const last = (await log.alarms(100)).at(-1)
      const asked = await msOf(20, () => log.alarms(100, { path: '/', at: Date.UTC(2101) }))
      expect(last?.path).toBeDefined()
      bound('RR12', 'ms to hear again that there is no other', asked.middle, 10)
      bound('RR12', 'ms for a page of 100 rooms', (await msOf(10, () => log.rooms(100, '/r/5'))).middle, 200)
    })
  },
  600_000,
)
