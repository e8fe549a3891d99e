/** The log of a process that a test kills: in the Redis of `REDIS_URL` where that is set, else in a folder. */
import type { Clock } from '../../src/clock.ts'
import type { RoomLogger } from '../../src/define.ts'
import type { Log } from '../../src/log/log.ts'
import { openRedis } from '../../src/log/redis/open.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { SILENT } from '../support/places.ts'

export interface LogPlace {
  readonly folder: string
  readonly redisUrl?: string | undefined
}

export interface OpenedLog {
  readonly log: Log
  close(): Promise<void>
}

/** `wrapped`: what a test puts before the calls of Redis. */
export async function openLog(
  { folder, redisUrl }: LogPlace,
  clock: Clock,
  logger: RoomLogger,
  wrapped: (calls: RedisCalls) => RedisCalls = (calls) => calls,
): Promise<OpenedLog> {
  const random = systemRandom()
  if (!redisUrl) {
    const log = await SqliteLog.open(folder, clock, random, logger)
    return { log, close: () => log.close() }
  }
  const link = await openRedis(redisUrl, clock, SILENT)
  const log = await RedisLog.open({ calls: wrapped(link.calls), health: link.health, clock, random, logger })
  return {
    log,
    async close() {
      await log.close()
      link.close()
    },
  }
}
