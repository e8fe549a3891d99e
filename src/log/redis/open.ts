/**
 * Connects to the Redis of `REDIS_URL` and begins to ask for its health. `server.ts` gives both to the log, and ends them
 * after it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { errorOf } from '../../thrown.ts'
import { parseAddress, showAddress } from './address.ts'
import { RedisConnection } from './connection.ts'
import type { RedisHealth } from './health.ts'
import { HealthBeat } from './health-beat.ts'
import type { RedisCalls } from './redis-calls.ts'
import { wordsOf } from './refusals.ts'

export interface RedisLink {
  readonly calls: RedisCalls
  readonly health: RedisHealth
  /** Ends the connection. What has no answer yet is rejected. */
  close(): void
}

/** Rejects if a Redis is there and cannot be used; one that does not answer is waited for while the server runs. */
export async function openRedis(url: string, clock: Clock, logger: RoomLogger): Promise<RedisLink> {
  const address = parseAddress(url)
  const connection = new RedisConnection({
    address,
    ready: () => health.ready(),
    away: () => health.away(),
    failed: (error) => health.failed(error),
  })
  const health = new HealthBeat({ address, connection, clock, logger })
  const close = () => {
    health.end()
    connection.close()
  }
  try {
    await health.start()
  } catch (error) {
    close()
    throw new Error(`${showAddress(address)} cannot be used: ${wordsOf(errorOf(error))}`)
  }
  return { calls: connection, health, close }
}
