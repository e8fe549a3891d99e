/**
 * Connects to the Redis of `REDIS_URL`, begins to ask for its health, and opens the log in it. `server.ts` loads this file
 * only where `REDIS_URL` is set.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { ConfigError } from '../../mistakes.ts'
import { errorOf } from '../../thrown.ts'
import { parseAddress, showAddress } from './address.ts'
import { RedisConnection } from './connection.ts'
import type { RedisHealth } from './health.ts'
import { HealthBeat } from './health-beat.ts'
import { bucketKey } from './keys.ts'
import { RedisLog, type RedisLogParts } from './redis.ts'
import type { RedisCalls } from './redis-calls.ts'
import { isRefusal, wordsOf } from './refusals.ts'
import { list, text } from './reply.ts'
import { COMMANDS, rights } from './scripts/rights.ts'

const MAY_NOT = 'is forbidden to this user, or has another name in the configuration of Redis'

export interface RedisLink {
  readonly calls: RedisCalls
  readonly health: RedisHealth
  /** The address of this machine in the connection; `undefined`: there is no connection now, or none by TCP. */
  localAddress(): string | undefined
  /** Ends the connection. What has no answer yet is rejected. */
  close(): void
}

/** A Redis with the log in it, which ends the connection when it closes. */
export interface LogInRedis extends Omit<RedisLink, 'close'> {
  readonly log: RedisLog
}

/** As `openRedis`, with the log in it. */
export async function openRedisLog(
  url: string,
  parts: Pick<RedisLogParts, 'clock' | 'random' | 'logger' | 'onCommit'>,
): Promise<LogInRedis> {
  const { close, ...link } = await openRedis(url, parts.clock, parts.logger)
  const refused = link.health.wasReached ? await refusedCommands(link.calls) : ''
  if (refused !== '') {
    close()
    throw mistake(refused)
  }
  return { ...link, log: await RedisLog.open({ ...parts, ...link, end: close }) }
}

/**
 * Throws a `ConfigError` if the URL is wrong, or if a Redis is there and cannot be used. One that does not answer is waited
 * for while the server runs.
 */
export async function openRedis(url: string, clock: Clock, logger: RoomLogger): Promise<RedisLink> {
  const address = mended(() => parseAddress(url))
  const events = { ready: () => beat.ready(), away: () => beat.away(), failed: (error: Error) => beat.failed(error) }
  const connection = mended(() => new RedisConnection({ address, ...events }))
  const beat: HealthBeat = new HealthBeat({ address, connection, clock, logger })
  const close = () => {
    beat.end()
    connection.close()
  }
  try {
    await beat.start()
  } catch (error) {
    close()
    throw mistake(`${showAddress(address)} cannot be used: ${wordsOf(errorOf(error))}`)
  }
  return { calls: connection, health: beat, localAddress: () => connection.localAddress, close }
}

/** What Redis would refuse of what the log runs; '': nothing. An answer that does not come is no reason not to start. */
async function refusedCommands(calls: RedisCalls): Promise<string> {
  try {
    const names = list(await calls.run(rights, bucketKey(0), COMMANDS)).map((name) => text(name))
    return names.length === 0 ? '' : `${names.join(', ')} on keys that begin with corridor: ${MAY_NOT}`
  } catch (thrown) {
    const error = errorOf(thrown)
    return isRefusal(error) ? `${wordsOf(error)}: ${MAY_NOT}` : ''
  }
}

function mended<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw mistake(errorOf(error).message)
  }
}

function mistake(message: string): ConfigError {
  return new ConfigError([`REDIS_URL: ${message}`])
}
