/** The same as `state.test.ts` of a log in Redis: its process is killed, and Redis too, which then starts on its files. */
import { afterEach, beforeEach, describe, it } from 'vitest'
import { need } from '../support/components.ts'
import { seeded } from '../support/random.ts'
import { RedisServer } from '../support/redis.ts'
import { amount } from '../support/scale.ts'
import { StateStage } from './state-stage.ts'

const KILLS = amount(2, 6, 20)
const SEED = Number(process.env.SEED ?? 20_271)

const command = need('redis') ?? ''
let redis: RedisServer
let stage: StateStage
beforeEach(async () => {
  redis = await RedisServer.start(command)
  stage = new StateStage(redis)
})
afterEach(() => stage.remove())

describe.each([
  ['its process', false],
  ['its process, and Redis', true],
])('killed at a point on the way of an entry with changes: %s', (_, isRedisKilled) => {
  const points = {
    append: 'after it was handed to the log, before the call',
    committing: 'when the call has left',
    commit: 'after the answer, before anyone heard of it',
  }
  for (const [point, when] of Object.entries(points)) {
    it(`${when}: it is whole or not there`, async () => {
      const random = seeded(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        stage.start(point, 1 + random.below(300))
        const acked = await stage.acked()
        if (isRedisKilled) await redis.kill()
        if (isRedisKilled) await redis.restart()
        await stage.mustBeWhole(acked)
      }
    })
  }
})

it('killed while a room is erased: all of it can be read, or nothing', async () => {
  const random = seeded(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    stage.start('erasing', 1 + random.below(60))
    await stage.acked()
    await stage.mustBeErasedOrWhole()
  }
})
