/** A real Redis of its own for each test, in which its rooms are kept. All of it ends with the test. */
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.ts'
import { openRedis } from '../../src/log/redis/open.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import { systemRandom } from '../../src/random.ts'
import { clockedCalls } from './clocked-redis.ts'
import { need } from './components.ts'
import { inFile, inMemory, type Place, SILENT } from './places.ts'
import { RedisServer } from './redis.ts'

/** For `describe.each`: each kind of place, by its name. The second is called in the `describe`. */
export const PLACES = Object.entries({ memory: inMemory, file: inFile, Redis: inRedis })

/** Called in a `describe`: without a Redis on this machine, its tests are skipped. */
export function inRedis(): Place {
  const command = need('redis') ?? ''
  let running: Promise<RedisServer> | undefined
  const redis = () => {
    running ??= started(command, () => {
      running = undefined
    })
    return running
  }
  return {
    kept: 'fsync',
    setup: async (clock) => ({ log: await logIn(await redis(), clock) }),
    log: async (clock) => logIn(await redis(), clock),
  }
}

async function started(command: string, ended: () => void): Promise<RedisServer> {
  const server = await RedisServer.start(command)
  onTestFinished(async () => {
    ended()
    await server.remove()
  })
  return server
}

/** With a clock of the test's, the log has all its times from it. */
async function logIn({ url }: RedisServer, given: Clock | undefined): Promise<RedisLog> {
  const link = await openRedis(url, systemClock(), SILENT)
  onTestFinished(() => link.close())
  const { health } = link
  const calls = given ? clockedCalls(link.calls, given) : link.calls
  return RedisLog.open({ calls, health, clock: given ?? systemClock(), random: systemRandom(), logger: SILENT })
}
