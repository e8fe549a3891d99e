/**
 * A call that has no answer is said once. The options of ioredis by which it is said again are planted here, to see that
 * it would be found: what the log says again is told by its numbers, what a client says again by itself is not.
 */
import type { RedisOptions } from 'ioredis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseAddress } from '../../src/log/redis/address.ts'
import { RedisConnection } from '../../src/log/redis/connection.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { need } from '../support/components.ts'
import { RedisServer } from '../support/redis.ts'
import { RedisRelay } from '../support/redis-relay.ts'

const planted = vi.hoisted(() => ({ options: {} as RedisOptions }))

vi.mock('../../src/log/redis/options.ts', async (original) => {
  const real = await original<typeof import('../../src/log/redis/options.ts')>()
  const redisOptions: typeof real.redisOptions = (address) => Object.assign(real.redisOptions(address), planted.options)
  return { ...real, redisOptions }
})

const RESENDING: RedisOptions = { autoResendUnfulfilledCommands: true, maxRetriesPerRequest: null }
const QUEUEING: RedisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null }
const count: Script = { name: 'count', text: "#!lua\nreturn redis.call('INCR', KEYS[1])" }

const command = need('redis') ?? ''
const ends: (() => unknown)[] = []

afterEach(async () => {
  planted.options = {}
  for (const end of ends.splice(0).reverse()) await end()
})

async function connected(options: RedisOptions) {
  planted.options = options
  const redis = await RedisServer.start(command)
  ends.push(() => redis.remove())
  const relay = await RedisRelay.to(redis.port)
  ends.push(() => relay.close())
  const connection = await new Promise<RedisConnection>((resolve) => {
    const ready = () => resolve(made)
    const made = new RedisConnection({ address: parseAddress(relay.url), ready, away() {}, failed() {} })
    ends.push(() => made.close())
  })
  const counted = async () => Number(await redis.say('GET', 'times'))
  return { relay, connection, counted }
}

/** How often a call ran whose answer was lost, when the connection is back. */
async function timesRun(options: RedisOptions): Promise<number> {
  const { relay, connection, counted } = await connected(options)
  // So that Redis knows the script.
  await connection.run(count, 'others', [])
  relay.loseAnswers()
  const answer = connection.run(count, 'times', []).then(
    () => 'answered',
    () => 'rejected',
  )
  await expect.poll(counted).toBe(1)
  relay.cut()
  relay.passAnswers()
  await answer
  await expect.poll(() => connection.isReady).toBe(true)
  await connection.run(count, 'others', [])
  return counted()
}

/** What becomes of a call while there is no connection. */
async function said(options: RedisOptions): Promise<string> {
  const { relay, connection, counted } = await connected(options)
  relay.unplug()
  await expect.poll(() => connection.isReady).toBe(false)
  const answer = connection.run(count, 'times', []).then(
    () => 'answered',
    () => 'rejected',
  )
  relay.plug()
  await expect.poll(() => connection.isReady).toBe(true)
  return `${await answer}, ran ${await counted()} times`
}

describe('a call', () => {
  it('whose answer is lost has run once; a client that resends would be found', async () => {
    expect(await timesRun({})).toBe(1)
    expect(await timesRun(RESENDING)).toBe(2)
  })

  it.each([{}, QUEUEING])('without a connection is rejected and never runs (%o)', async (options) => {
    expect(await said(options)).toBe('rejected, ran 0 times')
  })
})
