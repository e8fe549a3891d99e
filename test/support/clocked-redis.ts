/** Calls of a Redis whose scripts have the time of the test's clock instead of its own. */
import type { Clock } from '../../src/clock.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'

const TIME = "redis.call('TIME')"

export function clockedCalls(calls: RedisCalls, clock: Clock): RedisCalls {
  return {
    run: (script, key, args) => {
      const ms = Math.floor(clock.now())
      const time = `{'${Math.floor(ms / 1000)}', '${(ms % 1000) * 1000}'}`
      return calls.run({ ...script, text: script.text.replace(TIME, time) }, key, args)
    },
    command: (...command) => calls.command(...command),
  }
}
