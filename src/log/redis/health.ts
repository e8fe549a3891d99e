/**
 * What the log knows of its Redis beside its own calls: whether it answers, which one it is, how well it keeps what it
 * acknowledges, and what is dangerous about it. `health-beat.ts` finds it out each second.
 */
import type { Kept, LogWarning } from '../log.ts'

export interface RedisHealth {
  /** Why it cannot be written to; `undefined`: at the last beat it could. */
  readonly trouble: string | undefined
  /**
   * How well those of `runIds` kept at the last beat what they acknowledged. `replicated`: what `runReplicated` has
   * confirmed is, all else is in memory.
   */
  readonly kept: Exclude<Kept, 'os'>
  /** The runs that answered last: of one Redis, or of each master of a Cluster; each start is another. */
  readonly runIds: readonly string[]
  readonly warnings: readonly LogWarning[]
  /** Why the connection was not made at the last try, for the operator; '': it was. */
  readonly failure: string
  /** Whether it has ever answered. */
  readonly wasReached: boolean
}
