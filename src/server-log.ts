/**
 * Opens the log of a server: in the Redis of `REDIS_URL`, where the server is a node among others, in the folder of
 * `DATA_DIR`, or in memory. `server.ts` calls it; nobody else chooses a log for a server.
 */
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import type { RoomLogger } from './define.ts'
import type { Log } from './log/log.ts'
import { MemoryLog } from './log/memory.ts'
import { SqliteLog } from './log/sqlite/sqlite.ts'
import type { Nodes } from './nodes/nodes.ts'
import type { Random } from './random.ts'

export interface ServerLog {
  readonly log: Log
  /** `undefined`: this server runs alone. */
  readonly nodes?: Nodes
}

export interface ServerLogParts {
  readonly environment: Environment
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Called with the seconds that each commit took. */
  readonly onCommit: (seconds: number) => void
}

export async function openServerLog(parts: ServerLogParts): Promise<ServerLog> {
  const { environment, clock, random, logger, onCommit } = parts
  const { redisUrl, dataDir } = environment
  if (redisUrl !== undefined) {
    const nodes = await (await import('./nodes/open.ts')).openNodes(redisUrl, parts)
    return { log: nodes.log, nodes }
  }
  if (dataDir === ':memory:') return { log: new MemoryLog(clock, random) }
  return { log: await SqliteLog.open(dataDir, clock, random, logger, onCommit) }
}
