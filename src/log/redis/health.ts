/**
 * What the log knows of its Redis beside its own calls: whether it answers, which one it is, how well it keeps what it
 * acknowledges, and what is dangerous about it. `health-beat.ts` finds it out each second.
 */
import type { Kept } from '../log.ts'

/** Something about a Redis that can cost data or stop writes; `kind` is for metrics, `text` says how to mend it. */
export interface RedisWarning {
  readonly kind: string
  readonly text: string
}

export interface RedisHealth {
  /** Why it cannot be written to; `undefined`: at the last beat it could. */
  readonly trouble: string | undefined
  /** What an answered commit survived at the last beat. `replicated`: once the connection has confirmed it. */
  readonly kept: Exclude<Kept, 'os'>
  /** The Redis that answered last: another after each start of it; `undefined`: none yet, or a Cluster of many. */
  readonly runId: string | undefined
  readonly warnings: readonly RedisWarning[]
  /** Whether it has ever answered. */
  readonly wasReached: boolean
}
