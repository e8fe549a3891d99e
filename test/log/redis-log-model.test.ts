/** The Redis log keeps the contract of logs on the model of a Redis, too: on both it must be the same. */
import type { RoomLogger } from '../../src/define.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import { systemRandom } from '../../src/random.ts'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import { describeLog } from '../support/logs.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describeLog('Redis, on its model', () => {
  let host: ModelHost | undefined
  const newLog = (clock: HandClock, logger: RoomLogger = silent) => {
    host ??= new ModelHost(new RedisModel({ clock }))
    const { runId } = host.model
    const health = { trouble: undefined, kept: 'fsync' as const, runIds: [runId], warnings: [], wasReached: true }
    return RedisLog.open({ calls: new ModelClient(clock, host), health, clock, random: systemRandom(), logger })
  }
  return {
    make: newLog,
    again: newLog,
    remove: async () => {
      host = undefined
    },
  }
})
