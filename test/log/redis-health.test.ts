/** The health of a Redis over time, by a clock of the test: what is in trouble, when, and what its log says of it. */
import { expect, it } from 'vitest'
import { parseAddress } from '../../src/log/redis/address.ts'
import { HealthBeat } from '../../src/log/redis/health-beat.ts'
import { RedisRefusal, type Reply } from '../../src/log/redis/redis-calls.ts'
import type { RedisInfo } from '../../src/log/redis/redis-info.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { configOf, HEALTHY, infoOf } from '../support/made-up-redis.ts'

/** A Redis that says of itself what the test wants, or nothing. */
function stage(first: Partial<RedisInfo> = {}) {
  const clock = handClock()
  const lines: string[] = []
  const line = (level: string) => (fields: object | string, message?: string) => {
    const reason = typeof fields === 'object' && 'reason' in fields ? `, ${fields.reason}` : ''
    lines.push(`${level} ${message ?? fields}${reason}`)
  }
  const redis = {
    info: { ...HEALTHY, ...first },
    isReady: true,
    asked: 0,
    /** What it answers instead; `'nothing'`: it is frozen. */
    fault: undefined as Error | 'nothing' | undefined,
    waiting: [] as (() => void)[],
  }
  const say = async (name: string): Promise<Reply> => {
    if (!redis.isReady) throw new Error('no connection')
    if (redis.fault instanceof Error) throw redis.fault
    if (name === 'INFO') redis.asked += 1
    if (redis.fault === 'nothing') await new Promise<void>((answer) => void redis.waiting.push(answer))
    if (name === 'CONFIG') return configOf(redis.info)
    return infoOf(redis.info)
  }
  const beat = new HealthBeat({
    address: parseAddress('redis://user:hunter2@redis.example/1'),
    clock,
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    connection: {
      masters: () => [say],
      trustReplicas() {},
      revive() {},
      get isReady() {
        return redis.isReady
      },
    },
  })
  return { clock, redis, beat, lines }
}

it('is known when a start has ended', async () => {
  const { beat, lines } = stage()
  await beat.start()
  expect(beat).toMatchObject({ trouble: undefined, kept: 'fsync', runIds: ['run1'], wasReached: true, warnings: [] })
  expect(lines).toEqual(['info Redis 7.0.15 takes what is to be kept'])
})

it('follows what Redis says, each second', async () => {
  const { beat, clock, redis, lines } = stage()
  await beat.start()
  redis.info = { ...HEALTHY, appendfsync: 'everysec', policy: 'allkeys-lru', runId: 'run2' }
  await clock.advance(1000)
  expect(beat).toMatchObject({ kept: 'memory', runIds: ['run2'], warnings: [{ kind: 'eviction' }] })
  await clock.advance(5000)
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1)
  redis.info = HEALTHY
  await clock.advance(1000)
  expect(beat).toMatchObject({ kept: 'fsync', warnings: [] })
})

it('of a frozen one is trouble after a second; it is asked once, and well when it answers', async () => {
  const { beat, clock, redis, lines } = stage()
  await beat.start()
  redis.fault = 'nothing'
  await clock.advance(1000)
  expect(beat.trouble).toBeUndefined()
  const asked = redis.asked
  await clock.advance(4000)
  expect(beat).toMatchObject({ trouble: 'Redis has not answered for 4 s', kept: 'memory', wasReached: true })
  expect(redis.asked).toBe(asked)
  redis.fault = undefined
  for (const answer of redis.waiting) answer()
  await clock.settled()
  expect(beat).toMatchObject({ trouble: undefined, kept: 'fsync' })
  expect(lines).toEqual([
    'info Redis 7.0.15 takes what is to be kept',
    'error nothing can be kept now: Redis has not answered for 1 s',
    'info Redis 7.0.15 takes what is to be kept',
  ])
})

it('of one that starts again keeps nothing meanwhile, and is trouble only if it takes longer than a second', async () => {
  const { beat, clock, redis } = stage()
  await beat.start()
  redis.isReady = false
  beat.away()
  expect(beat).toMatchObject({ trouble: undefined, kept: 'memory' })
  await clock.advance(999)
  redis.isReady = true
  beat.ready()
  await clock.settled()
  expect(beat).toMatchObject({ trouble: undefined, kept: 'fsync' })
  redis.isReady = false
  beat.away()
  await clock.advance(2000)
  expect(beat).toMatchObject({ trouble: 'Redis is not connected', wasReached: true })
})

it('of one that is not there lets the server start, and is told when it comes', async () => {
  const { beat, clock, redis, lines } = stage()
  redis.isReady = false
  const started = beat.start()
  beat.failed(new Error('connect ECONNREFUSED'))
  await clock.settled()
  await clock.advance(3000)
  await started
  expect(beat).toMatchObject({ trouble: 'Redis is not connected', wasReached: false })
  redis.isReady = true
  beat.ready()
  await clock.settled()
  expect(beat).toMatchObject({ trouble: undefined, wasReached: true })
  expect(lines).toEqual([
    'error nothing can be kept now: Redis is not connected, connect ECONNREFUSED',
    'info Redis 7.0.15 takes what is to be kept',
  ])
})

it('of one that is not there is logged again when the reason is known, once', async () => {
  const { beat, clock, redis, lines } = stage()
  await beat.start()
  redis.isReady = false
  await clock.settled()
  lines.length = 0
  beat.away()
  await clock.advance(1000)
  beat.away()
  const without = 'error nothing can be kept now: Redis is not connected'
  expect(lines).toEqual([without])
  for (let tries = 0; tries < 3; tries += 1) {
    beat.failed(new Error('connect ETIMEDOUT'))
    await clock.advance(1000)
  }
  expect(lines).toEqual([without, `${without}, connect ETIMEDOUT`])
})

it.each([
  [
    'a wrong password',
    (redis: ReturnType<typeof stage>['redis']) => {
      redis.fault = new RedisRefusal('WRONGPASS invalid username-password pair')
    },
    'WRONGPASS',
  ],
  [
    'a version that is too old',
    (redis: ReturnType<typeof stage>['redis']) => {
      redis.info = { ...HEALTHY, version: '6.0.16' }
    },
    'got 6.0.16',
  ],
  [
    'a Redis in the place of a Sentinel',
    (redis: ReturnType<typeof stage>['redis']) => {
      redis.fault = new Error("All sentinels are unreachable. Last error: ERR unknown command 'sentinel', with args")
    },
    'unknown command',
  ],
])('a start is refused for %s', async (_, change, message) => {
  const { beat, redis } = stage()
  change(redis)
  await expect(beat.start()).rejects.toThrow(message)
  expect(beat.wasReached).toBe(false)
})

it('tells nobody where Redis is, nor its password, but the log', async () => {
  const { beat, clock, redis, lines } = stage({ hasAof: false, isReplica: true, isReadOnly: true })
  void beat.start().catch(() => {})
  await clock.settled()
  redis.isReady = false
  beat.failed(new Error('connect ECONNREFUSED 10.0.0.1:6379'))
  await clock.advance(5000)
  expect(JSON.stringify([beat.trouble, beat.warnings])).not.toMatch(/10\.0\.0\.1|redis\.example|hunter2/)
  expect(lines.join('\n')).not.toContain('hunter2')
})
