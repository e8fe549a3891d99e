/**
 * What protects a log in Redis from what a network and lost writes do, each in a few calls, and each mistake that is
 * planted there (`redis-planted.ts`): one that was never seen to fail proves nothing. The other tests of a failing Redis
 * leave such moments to chance.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Changes, IdempotencyKey } from '../../src/log/log.ts'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { need } from '../support/components.ts'
import { HeldCalls } from '../support/held-calls.ts'
import { type KeptLog, keptLog } from '../support/kept-log.ts'
import { draft } from '../support/log-under-test.ts'
import { uuidAt } from '../support/logs.ts'
import { redisContents } from '../support/redis-contents.ts'
import { TestRedis } from '../support/redis-log.ts'
import {
  expiringKeys,
  healedWithoutIds,
  idsOverwritten,
  idsRemembered,
  noRunId,
  type Plant,
  seqAsCondition,
  settleWithoutVoiding,
} from './redis-planted.ts'

const retention = { keep: 1000, maxAgeMs: 1e12, durable: true }
const command = need('redis')
const nothing: Plant = (calls) => calls

describe.skipIf(!command)('a log in Redis', () => {
  let redis: TestRedis
  let held: HeldCalls
  const logs: RedisLog[] = []
  /** Texts that were acknowledged, and where. */
  const acked = new Map<string, number>()
  const lost: string[] = []

  beforeEach(async () => {
    redis = await TestRedis.start(command ?? '')
    held = new HeldCalls(redis.connection)
    acked.clear()
    lost.length = 0
  })
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close()
    await redis.remove()
  })

  const newLog = async (plant: Plant): Promise<RedisLog> => {
    const log = await redis.log(undefined, { calls: plant(held) })
    logs.push(log)
    return log
  }
  const openIn = async (log: RedisLog) => {
    return keptLog(await log.open('/room', retention, (reason) => void lost.push(reason)))
  }
  const say = async (room: KeptLog, text: string, key?: Partial<IdempotencyKey>): Promise<void> => {
    const keys = [{ client: 'ann', id: text, hash: 'h', draft: 0, ...key }] as IdempotencyKey[]
    acked.set(text, await room.append([draft(text)], keys))
  }
  const store = async (room: KeptLog, key: string): Promise<void> => {
    const changes: Changes = { storage: new Map([[key, '1']]) }
    await room.append([], [], changes)
  }
  const startAgain = async (): Promise<void> => {
    await redis.server.kill()
    redis.server.putFilesBack()
    await redis.server.restart()
    await redis.reconnected()
  }

  /** What does not hold in the end. `stored`: the keys that were. */
  const wrong = async (stored: readonly string[] = []): Promise<string[]> => {
    const { events, storage, damage } = await redisContents(redis.server)
    const texts = events.map(({ seq, data }) => [seq, (data as { text: string }).text] as const)
    const places = new Map(texts)
    return [
      ...[...acked].flatMap(([text, seq]) => (places.get(seq) === text ? [] : `lost: ${text} was acked at ${seq}`)),
      ...texts.flatMap(([seq, text], at) =>
        texts.findIndex(([, each]) => each === text) < at ? `double: ${text} at ${seq}` : [],
      ),
      ...stored.flatMap((key) => (storage.has(key) ? [] : `lost: ${key} was stored`)),
      ...lost.map((reason) => `given up: ${reason}`),
      ...damage,
    ]
  }

  const SCENES = {
    'a call that arrives after it was settled': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a')
      held.hold('commit')
      let more: Promise<void> | undefined
      held.answered = async (script) => {
        if (script !== 'settle' || more) return
        await held.arrive()
        more = say(room, 'c')
      }
      await say(room, 'b')
      await more
      return wrong()
    },

    'a commit without an event that Redis has lost': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a')
      redis.server.saveFiles()
      await store(room, 'x')
      await startAgain()
      await store(room, 'y')
      return wrong(['x', 'y'])
    },

    'an id that is said to be new twice': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a', { id: '1' })
      const again = await room.append([draft('a')], [{ client: 'ann', id: '1', hash: 'h', draft: 0 }]).catch(() => 0)
      return [...(await wrong()), ...(again > 0 ? [`double: the id is kept again, at ${again}`] : [])]
    },

    'an id that another server has kept between two openings': async (plant: Plant) => {
      const [one, other] = [await newLog(plant), await newLog(nothing)]
      const id = uuidAt(Date.now())
      const before = await openIn(one)
      await before.recall('ann', id)
      await before.close()
      const elsewhere = await openIn(other)
      await say(elsewhere, 'a', { id })
      await elsewhere.close()
      const after = await openIn(one)
      const found = await after.recall('ann', id)
      const isKnown = typeof found === 'object' && found.seq === 1
      return [...(await wrong()), ...(isKnown ? [] : [`retry: it is known as ${JSON.stringify(found)}`])]
    },

    'a retry after commits were made again': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a', { id: '1' })
      await redis.empty()
      await say(room, 'b', { id: '2' })
      await room.close()
      const again = await openIn(await newLog(plant))
      if ((await again.recall('ann', '1')) === undefined) await again.append([draft('a')])
      return wrong()
    },

    'a key without an end': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a')
      return wrong()
    },

    'a call for the Redis of before that arrives at the next one': async (plant: Plant) => {
      const room = await openIn(await newLog(plant))
      await say(room, 'a')
      redis.server.saveFiles()
      held.hold('commit')
      await say(room, 'b')
      await startAgain()
      await held.arrive()
      await say(room, 'c')
      return wrong()
    },
  }
  type Scene = keyof typeof SCENES

  it.each(Object.keys(SCENES) as Scene[])('bears %s', async (scene) => {
    expect(await SCENES[scene](nothing)).toEqual([])
  })

  const MISTAKES: readonly (readonly [string, Plant, Scene, RegExp])[] = [
    ['settling without voiding', settleWithoutVoiding, 'a call that arrives after it was settled', /^lost: c/],
    ['the seq as the condition', seqAsCondition, 'a commit without an event that Redis has lost', /^lost: x/],
    ['ids that are overwritten', idsOverwritten, 'an id that is said to be new twice', /^double: /],
    [
      'ids that are remembered over a reopening',
      idsRemembered,
      'an id that another server has kept between two openings',
      /^retry: /,
    ],
    ['events made again without ids', healedWithoutIds, 'a retry after commits were made again', /^double: a/],
    ['keys that expire', expiringKeys, 'a key without an end', /^expires: /],
    ['no run id', noRunId, 'a call for the Redis of before that arrives at the next one', /^given up: /],
  ]

  it.each(MISTAKES)('would be found with %s', async (_, plant, scene, found) => {
    const outcome = await SCENES[scene](plant).catch((error: unknown) => [
      ...lost.map((why) => `given up: ${why}`),
      String(error),
    ])
    expect(outcome).toContainEqual(expect.stringMatching(found))
  })
})
