/** The Redis log keeps the contract of logs, on a real Redis. */
import { afterAll, beforeAll, describe } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import { parseAddress } from '../../src/log/redis/address.ts'
import { RedisConnection } from '../../src/log/redis/connection.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import { systemRandom } from '../../src/random.ts'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import { clockedCalls } from '../support/clocked-redis.ts'
import { need } from '../support/components.ts'
import { describeLog } from '../support/logs.ts'
import { RedisServer } from '../support/redis.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const command = need('redis')

describe.skipIf(!command)('on a real Redis', () => {
  let redis: RedisServer
  let connection: RedisConnection
  let runId = ''

  beforeAll(async () => {
    redis = await RedisServer.start(command ?? '')
    await new Promise<void>((ready, failed) => {
      connection = new RedisConnection({ address: parseAddress(redis.url), ready, away() {}, failed })
    })
    runId = /run_id:(\w+)/.exec(String(await redis.say('INFO', 'server')))?.[1] ?? ''
  })
  afterAll(async () => {
    connection.close()
    await redis.remove()
  })

  const newLog = (clock: HandClock, logger: RoomLogger = silent) => {
    const health = { trouble: undefined, kept: 'fsync' as const, runIds: [runId], warnings: [], wasReached: true }
    return RedisLog.open({ calls: clockedCalls(connection, clock), health, clock, random: systemRandom(), logger })
  }

  describeLog('Redis', () => ({
    make: newLog,
    again: newLog,
    remove: () => redis.empty(),
  }))
})
