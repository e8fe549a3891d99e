/** What `redis.ts` passes to each room of the Redis log. */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import type { RoomError } from '../../errors.ts'
import type { EpochMaker } from '../epoch.ts'
import type { IdDigests } from '../id-digest.ts'
import type { Durability } from './durability.ts'
import type { KeptCalls } from './kept-calls.ts'
import type { RedisCalls } from './redis-calls.ts'

/** What they share. */
export interface RedisSharedParts {
  readonly calls: RedisCalls
  /** The same, for whoever only asks. */
  readonly questions: RedisCalls
  readonly clock: Clock
  readonly logger: RoomLogger
  readonly epochs: EpochMaker
  readonly keptCalls: KeptCalls
  readonly durability: Durability
  /** How many bytes of events one room may hold in memory now. */
  recentBytes(): number
  /** Why an append cannot be accepted now; `undefined` if it can. */
  refusal(): RoomError | undefined
  /** So many bytes more (or less) wait for Redis. */
  waits(bytes: number): void
  /** Calls this at the end of the turn, once. */
  atTurnsEnd(flush: () => void): void
  /** Alarms of the room at this path were set or deleted. */
  alarmsChanged(path: string): void
  /** A call was not answered, or refused. */
  failed(error: Error): void
  /** A commit took so many seconds. */
  committed(seconds: number): void
}

export interface RedisRoomParts extends RedisSharedParts {
  /** Of the secret that Redis had when the room was opened. */
  readonly digests: IdDigests
  /** Whether Redis has that secret; it gets it again if it has none. */
  keepSecret(): Promise<boolean>
}
