/**
 * The secret of the log, while no room opens and nothing is kept: a Redis that was emptied has it again before long, and
 * one that another server gave a new secret first is believed, so that all servers have one.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { CountedCalls, TestRedis } from '../support/redis-log.ts'

const LOOK_MS = 1000
const command = need('redis')

describe.skipIf(!command)('the secret of a log that nobody uses', () => {
  let redis: TestRedis
  let clock: HandClock
  let calls: CountedCalls
  let log: RedisLog
  let endWatch: () => void

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  beforeEach(async () => {
    clock = handClock()
    calls = new CountedCalls(redis.connection)
    log = await redis.log(clock, { calls })
    endWatch = log.watchSecret()
  })
  afterEach(async () => {
    endWatch()
    await log.close()
    await redis.empty()
  })

  const look = async () => {
    await clock.advance(LOOK_MS)
    await calls.idle()
  }

  it('is kept again where Redis has lost it, so that a server that starts then has the same', async () => {
    const before = Buffer.from(log.key)
    await redis.server.say('FLUSHALL')
    await look()
    const other = await redis.log(clock)
    expect(Buffer.from(other.key)).toEqual(before)
    await other.close()
  })

  it('is that of a server that started before it could be kept again', async () => {
    const before = Buffer.from(log.key)
    await redis.server.say('FLUSHALL')
    const other = await redis.log(clock)
    expect(Buffer.from(other.key)).not.toEqual(before)
    await look()
    expect(Buffer.from(log.key)).toEqual(Buffer.from(other.key))
    await other.close()
  })
})
