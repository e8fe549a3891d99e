/** What the beats of a node are given; `nodes.ts` passes it on, and a test makes it up. */
import type { Clock } from '../clock.ts'
import type { RoomLogger } from '../define.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import type { Random } from '../random.ts'
import type { RosterEvents } from './roster.ts'

export interface BeatsParts {
  readonly calls: RedisCalls
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Of the links. */
  readonly protocol: number
  /** What `config-hash.ts` says of the configuration. */
  readonly configHash: string
  readonly modulesHash: string
  /** Of Corridor. */
  readonly version: string
  readonly events: RosterEvents
}
