/** Copies the log of a Redis without a server: `corridor backup` asks, whether servers use that Redis now or not. */
import type { Clock } from '../../clock.ts'
import { copyAll } from './backups.ts'
import { openRedis } from './open.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Writes the database of a backup into a file that is empty. Rejects if the Redis does not answer, or cannot be used. */
export async function copyRedis(url: string, file: string, clock: Clock): Promise<void> {
  const { calls, health, close } = await openRedis(url, clock, quiet)
  try {
    if (!health.wasReached)
      throw new Error(`REDIS_URL: expected a Redis there, got: ${health.failure || health.trouble}`)
    await copyAll(calls, file)
  } finally {
    close()
  }
}
