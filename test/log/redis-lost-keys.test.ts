/**
 * One key of a room is lost, as Redis does where its `maxmemory-policy` deletes keys: what is left goes on, nothing else is
 * removed for it, and it stands in the server's log. A room that is open notices with the next commit of what was lost.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import type { Log, RoomLog } from '../../src/log/log.ts'
import { bucketOf } from '../../src/log/redis/keys.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { type KeptLog, keptLog } from '../support/kept-log.ts'
import { draft, seqs } from '../support/log-under-test.ts'
import { redisContents } from '../support/redis-contents.ts'
import { CountedCalls, TestRedis } from '../support/redis-log.ts'

const retention = { keep: 1000, maxAgeMs: 1e12, durable: true }
const ROUND_MS = 600_000
const command = need('redis')

describe.skipIf(!command)('a room in Redis', () => {
  let redis: TestRedis
  let clock: HandClock
  let calls: CountedCalls
  let log: Log
  let errors: string[]
  let lost: string[]

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  beforeEach(async () => {
    errors = []
    lost = []
    clock = handClock()
    calls = new CountedCalls(redis.connection)
    const error = (fields: unknown) => void errors.push((fields as { lost: string }).lost)
    const logger: RoomLogger = { debug() {}, info() {}, warn() {}, error }
    log = await redis.log(clock, { calls, logger })
  })
  afterEach(async () => {
    await log.close()
    await redis.empty()
  })

  const open = (): Promise<RoomLog> => log.open('/room', retention, (reason) => void lost.push(reason))
  /** Ten events, one of them redacted, and everything else that there is. */
  const filled = async (): Promise<RoomLog> => {
    const room = await open()
    const { append } = keptLog(room)
    for (let n = 1; n <= 10; n += 1) await append([draft(`${n}`)], [{ client: 'ann', id: `${n}`, hash: 'h', draft: 0 }])
    const changes = { storage: new Map([['a', '1']]), alarms: new Map([['ring', 1e13]]), redacted: [5] }
    await append([], [{ producer: 'p', epoch: 0, seq: 1 }], changes)
    return room
  }
  const lose = (key: string) => redis.server.say('DEL', `${bucketOf('/room')}${key}`)
  const all = async (room: RoomLog) => {
    const found: number[] = []
    for (let last = 0; last < room.seq; last = found.at(-1) ?? room.seq)
      found.push(...seqs(await room.read(Math.max(last, room.first - 1), 100)))
    return found
  }
  const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

  /** What of it is said to be lost when it opens, and what it has then. */
  const LEFT = {
    'm/room': ['events, epochs, ids, storage, alarms', ALL, 1, 1],
    'e/room': ['events', [], 1, 1],
    's/room': ['storage', ALL, 0, 1],
    'a/room': ['alarms, index', ALL, 1, 0],
    'l/room': ['epochs', ALL, 1, 1],
    'q/room': ['ids', ALL, 1, 1],
    'r/room': [undefined, ALL, 1, 1],
    rooms: ['index', ALL, 1, 1],
    alarms: ['index', ALL, 1, 1],
  } as const

  it.each(Object.entries(LEFT))('without its key %s opens with what is left', async (key, left) => {
    await (await filled()).close()
    await lose(key)
    const room = await open()
    const { storage, alarms } = room.takeState()
    expect([errors[0], await all(room), storage.size, alarms.size]).toEqual(left)
    expect((await redisContents(redis.server)).damage).toEqual([])
    expect(await keptLog(room).append([draft('more')])).toBe(11)
    await room.close()
    errors = []
    expect(await all(await open())).toEqual([...left[1], 11])
    expect(errors).toEqual([])
  })

  it.each(Object.keys(LEFT))('without its key %s loses nothing more when old rooms are looked for', async (key) => {
    await (await filled()).close()
    await lose(key)
    const before = (await redis.keys()).length
    await clock.advance(20 * ROUND_MS)
    await calls.idle()
    expect((await redis.keys()).length).toBeGreaterThanOrEqual(before)
    expect(await log.alarms(10)).toHaveLength(1)
  })

  /** Another commit of the same notices that a key is gone. */
  const NOTICED: Record<string, () => Parameters<KeptLog['append']>> = {
    'e/room': () => [[draft('more')]],
    's/room': () => [[], [], { storage: new Map([['b', '2']]) }],
    'a/room': () => [[], [], { alarms: new Map([['b', 2e13]]) }],
    'q/room': () => [[], [{ client: 'ann', id: '3', hash: 'h' }]],
    'm/room': () => [[draft('more')]],
  }

  it.each(Object.entries(NOTICED))(
    'that is open is lost with its key %s, and keeps nothing more',
    async (key, more) => {
      const { append } = keptLog(await filled())
      await lose(key)
      await expect(append(...more())).rejects.toMatchObject({ code: 'unavailable' })
      expect(lost).toHaveLength(1)
      await expect(append([draft('more')])).rejects.toMatchObject({ code: 'unavailable' })
      expect(await keptLog(await open()).append([draft('more')])).toBe(11)
    },
  )

  it('and its log get their secret again when a room opens, so ids are known after a restart', async () => {
    const room = await filled()
    await redis.server.say('DEL', 'corridor:secret')
    await room.close()
    await open()
    const again = await redis.log(clock)
    expect(again.key).toEqual(log.key)
    const after = keptLog(await again.open('/room', retention))
    expect(await after.recall('ann', '3')).toMatchObject({ seq: 3 })
    await again.close()
  })

  it('keeps nothing more when Redis has been given the secret of another log, nor does any other room', async () => {
    const rooms = await Promise.all(
      ['/one', '/two'].map(async (path) => keptLog(await log.open(path, retention, () => void lost.push(path)))),
    )
    const say = (room: KeptLog, id: string) => room.append([draft(id)], [{ client: 'ann', id, hash: 'h', draft: 0 }])
    for (const room of rooms) await say(room, 'first')
    await redis.empty()
    // A server that has just started: it knows no secret.
    const other = await redis.log(clock)
    for (const room of rooms) await expect(say(room, 'second')).rejects.toMatchObject({ code: 'unavailable' })
    expect(lost).toEqual(['/one', '/two'])
    for (const path of lost.splice(0)) {
      const again = keptLog(await log.open(path, retention))
      expect(await again.recall('ann', 'first')).toBeUndefined()
      await say(again, 'second')
      expect(await again.recall('ann', 'second')).toMatchObject({ seq: 1 })
    }
    await other.close()
  })

  it('that another server mends is lost where it was open, so that no two events have one number', async () => {
    const room = keptLog(await filled())
    await redis.server.say('HDEL', `${bucketOf('/room')}m/room`, 's')
    const other = await redis.log(clock)
    const mended = await other.open('/room', retention)
    expect(mended.seq).toBe(10)
    await expect(room.append([draft('no')])).rejects.toMatchObject({ code: 'unavailable' })
    expect([lost.length, await keptLog(mended).append([draft('11')])]).toEqual([1, 11])
    await other.close()
  })

  it('that keeps its first event in a Redis that was emptied since it was opened knows its id after a restart', async () => {
    const room = await open()
    await redis.empty()
    await keptLog(room).append([draft('1')], [{ client: 'ann', id: '1', hash: 'h', draft: 0 }])
    const again = await redis.log(clock)
    expect(await (await again.open('/room', retention)).recall('ann', '1')).toMatchObject({ seq: 1 })
    await again.close()
  })

  it.each(['m', 'e'])('with something else in its key %s is lost, and others are kept meanwhile', async (key) => {
    const room = keptLog(await filled())
    const other = keptLog(await log.open('/other', retention))
    await lose(`${key}/room`)
    await redis.server.say('SET', `${bucketOf('/room')}${key}/room`, 'what another program keeps')
    await expect(room.append([draft('no')])).rejects.toMatchObject({ code: 'unavailable' })
    expect(lost).toHaveLength(1)
    await clock.advance(1500)
    await expect(open()).rejects.toThrow('WRONGTYPE')
    expect([log.trouble, await other.append([draft('1')])]).toEqual([undefined, 1])
  })

  /** Too much for its memory. */
  const large = async (room: RoomLog) => {
    const { append } = keptLog(room)
    for (let n = 1; n <= 12; n += 1) await append([draft('x'.repeat(2 ** 20))])
  }

  it('whose older events are gone is lost when they are read', async () => {
    const before = await open()
    await large(before)
    await before.close()
    const room = await open()
    await lose('e/room')
    await expect(room.read(0, 1)).rejects.toThrow('missing')
    expect(lost).toHaveLength(1)
    expect((await open()).first).toBe(13)
  })

  it('that Redis has forgotten is made again when its older events are read', async () => {
    const room = await open()
    await large(room)
    await redis.empty()
    await expect(room.read(0, 1)).rejects.toThrow('expected the epoch of this opening')
    await expect.poll(async () => seqs(await room.read(0, 1)).length).toBe(1)
    expect(lost).toEqual([])
  })
})

it.skipIf(!command)('a Redis started without its files has the rooms again in which nobody speaks', async () => {
  const redis = await TestRedis.start(command ?? '')
  const clock = handClock()
  const log = await redis.log(clock)
  try {
    const room = await log.open('/room', retention)
    await keptLog(room).append([draft('a')])
    await redis.server.kill()
    redis.server.dropFiles()
    await redis.server.restart()
    await redis.reconnected()
    await clock.advance(10_000)
    await expect.poll(async () => (await redisContents(redis.server)).seq).toBe(1)
  } finally {
    await log.close()
    await redis.remove()
  }
})
