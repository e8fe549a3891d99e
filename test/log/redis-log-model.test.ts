/** The Redis log keeps the contract of logs on the model of a Redis, too: on both it must be the same. */
import type { RoomLogger } from '../../src/define.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
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
    const health = {
      trouble: undefined,
      kept: 'fsync' as const,
      runIds: [runId],
      warnings: [],
      failure: '',
      wasReached: true,
    }
    const calls = seldomSwept(new ModelClient(clock, host), clock)
    return RedisLog.open({ calls, health, clock, random: systemRandom(), logger })
  }
  return {
    make: newLog,
    again: newLog,
    remove: async () => {
      host = undefined
    },
  }
})

/**
 * A month of the test's clock has thousands of rounds over all buckets, half a minute of work. Here each question of a
 * round takes ten minutes, and a round some hours.
 */
function seldomSwept(calls: RedisCalls, clock: HandClock): RedisCalls {
  return {
    async run(script, key, args) {
      if (script.name === 'sweep') await new Promise<void>((resolve) => clock.after(600_000, resolve))
      return calls.run(script, key, args)
    },
    command: (...command) => calls.command(...command),
  }
}
