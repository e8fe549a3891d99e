/**
 * `kill -9` of a server that keeps its rooms in Redis, of that Redis, and of both, under load: the same as with a file
 * (`kill.test.ts`) holds. Redis writes to disk before it answers.
 *
 * `KILLS` says how often each is killed at random, `SEED` when.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { tell, tellWrong } from '../support/figures.ts'
import { seeded } from '../support/random.ts'
import { RedisServer } from '../support/redis.ts'
import { amount } from '../support/scale.ts'
import { KillStage, SUBSCRIBERS } from './kill-stage.ts'

const KILLS = Number(process.env.KILLS ?? amount(2, 12, 50))
/** How often it is killed at a point after it was killed there. */
const MORE = amount(1, 2)
const SEED = Number(process.env.SEED ?? 20_270)

const command = need('redis') ?? ''
let stage: KillStage

tellWrong('RR1', 'runs of kill -9 on Redis after which something was lost, doubled or not told')

afterEach(() => stage.remove())

describe(`${KILLS} × kill -9`, () => {
  const whom = {
    'of the server': ['server'],
    'of Redis': ['Redis'],
    'of both': ['server', 'Redis'],
  }
  for (const [title, parts] of Object.entries(whom)) {
    it(`${title}: nothing acknowledged is lost, nothing doubled, no gap, one order, everyone resumes`, {
      timeout: 120_000 + KILLS * 60_000,
    }, async () => {
      const random = seeded(SEED)
      const redis = await RedisServer.start(command)
      stage = await KillStage.make(undefined, redis)
      const { victim } = stage
      await stage.begin()
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await stage.acked(random.below(300))
        if (parts.includes('server')) await victim.kill()
        if (parts.includes('Redis')) await redis.kill()
        if (parts.includes('Redis')) await redis.restart()
        if (parts.includes('server')) await victim.start()
      }
      await stage.acked(100)
      const verdict = await stage.judge()
      process.stdout.write(`${KILLS} kills ${title}: ${stage.summary(verdict)}\n`)
      expect(verdict.anomalies).toEqual([])
      expect(verdict.told).toBe(0)
      expect(verdict.acked).toBeGreaterThanOrEqual(100)
      // Clients keep their connections while Redis is away.
      expect(verdict.resumed).toBeGreaterThanOrEqual(parts.includes('server') ? SUBSCRIBERS : 0)
      tell('RR1', `messages acknowledged over ${KILLS} kills ${title}`, verdict.acked)
    })
  }
})

describe('killed at a point on the way of a message', () => {
  const points = {
    append: 'after it was handed to the log, before the call',
    'commit:sent': 'as soon as the call has left',
    'commit:answered': 'when Redis has answered, before anyone heard of it',
    deliver: 'after others heard it, before its ack left',
    'trim:sent': 'while old events are removed',
  }
  for (const [point, when] of Object.entries(points)) {
    it(`${when}: the same holds`, async () => {
      const random = seeded(SEED)
      const history = point.startsWith('trim') ? { keep: 2000, replay: 0 } : undefined
      stage = await KillStage.make(history, await RedisServer.start(command))
      const { victim } = stage
      const most = point.startsWith('trim') ? 1 : 200
      await stage.begin(() => victim.startDoomed(point, 1 + random.below(Math.min(most, 20))))
      for (let kill = 1; kill <= MORE; kill += 1) {
        expect(await victim.died()).toBe('SIGKILL')
        await victim.startDoomed(point, 1 + random.below(most))
      }
      expect(await victim.died()).toBe('SIGKILL')
      await stage.mustHaveSurvived()
    })
  }
})
