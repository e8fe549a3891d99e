/** The Redis log keeps the contract of logs, on a real Redis. */
import { afterAll, beforeAll, describe } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { describeLog } from '../support/logs.ts'
import { TestRedis } from '../support/redis-log.ts'

const command = need('redis')

describe.skipIf(!command)('on a real Redis', () => {
  let redis: TestRedis

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())

  describeLog('Redis', () => ({
    make: (clock: HandClock, logger?: RoomLogger) => redis.log(clock, logger ? { logger } : {}),
    again: (clock: HandClock) => redis.log(clock),
    remove: () => redis.empty(),
  }))
})
