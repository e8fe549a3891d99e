/**
 * Judges what a Redis says of itself: whether it can be used at all, whether it can be written to now, how well it keeps
 * what it acknowledges, and what is dangerous about it. `health-beat.ts` asks.
 */
import type { LogWarning } from '../log.ts'
import type { RedisAddress } from './address.ts'
import type { RedisHealth } from './health.ts'
import type { RedisInfo } from './redis-info.ts'

/** Scripts with `#!lua`, `INFO` of several sections. */
const OLDEST = 7
/** A memory that is used to this share is nearly full. */
const NEARLY = 0.9

export interface Judgement extends Pick<RedisHealth, 'trouble' | 'kept' | 'warnings'> {
  /** Why it can never be used; what must be mended. */
  readonly refusal: string | undefined
}

/** `nodes`: the Redis, or the masters of a Cluster. */
export function judge(nodes: readonly RedisInfo[], kind: RedisAddress['kind']): Judgement {
  return {
    refusal: first(nodes, (node) => refusalOf(node, kind)),
    trouble: nodes.length === 0 ? 'no master of the Cluster answers' : first(nodes, troubleOf),
    kept: keptBy(nodes, kind),
    warnings: distinct(nodes.flatMap((node) => warningsOf(node, kind))),
  }
}

function refusalOf({ version, mode }: RedisInfo, kind: RedisAddress['kind']): string | undefined {
  if (Number.parseInt(version, 10) < OLDEST) return `expected Redis ${OLDEST}.0 or newer, or Valkey, got ${version}`
  if (mode === 'sentinel') return 'this is a Sentinel; write redis+sentinel://host:26379/master'
  if (mode === 'cluster' && kind !== 'cluster') return 'this is a node of a Cluster; write redis+cluster://host:6379'
  if (mode === 'standalone' && kind === 'cluster') return 'this is no Cluster; write redis://host:6379'
  return undefined
}

function troubleOf(node: RedisInfo): string | undefined {
  if (node.isLoading) return 'Redis is loading its data'
  if (node.isReplica && node.isReadOnly) return 'Redis is a replica, which takes no writes'
  if (!node.canWriteAof) return 'Redis cannot write its append-only file'
  if (node.maxBytes !== undefined && !node.policy.startsWith('allkeys') && node.usedBytes > node.maxBytes)
    return `Redis is full (maxmemory is ${mib(node.maxBytes)})`
  return undefined
}

/**
 * `fsync` only if nobody can take its place: what another has not received is gone at a failover, whatever it wrote to
 * its disk. With replicas, a commit is as good as its confirmation.
 */
function keptBy(nodes: readonly RedisInfo[], kind: RedisAddress['kind']): Judgement['kept'] {
  if (nodes.length === 0 || nodes.some((node) => node.isReplica || node.isLoading)) return 'memory'
  if (nodes.every(({ replicas }) => replicas > 0)) return 'replicated'
  const isAlone = kind === 'single' && nodes.every(({ replicas }) => replicas === 0)
  const syncs = nodes.every(({ hasAof, appendfsync }) => hasAof && appendfsync === 'always')
  return isAlone && syncs ? 'fsync' : 'memory'
}

function warningsOf(node: RedisInfo, kind: RedisAddress['kind']): LogWarning[] {
  const { maxBytes, usedBytes, policy } = node
  const warnings: (LogWarning | false)[] = [
    policy.startsWith('allkeys') && {
      kind: 'eviction',
      text: `Redis may delete what rooms keep when its memory is full (maxmemory-policy ${policy}); set it to noeviction`,
    },
    !node.hasAof && {
      kind: 'no_aof',
      text: 'Redis writes no append-only file, so what was acknowledged is lost when it restarts; set appendonly yes and appendfsync always',
    },
    node.isReplica && {
      kind: 'replica',
      text: 'Redis is a replica of another, which overwrites what is written here; set REDIS_URL to the master',
    },
    maxBytes !== undefined &&
      usedBytes > maxBytes * NEARLY && {
        kind: 'memory',
        text: `Redis is nearly full (${mib(usedBytes)} of maxmemory ${mib(maxBytes)}); then nothing can be kept`,
      },
    !node.canSnapshot && {
      kind: 'snapshot',
      text: 'Redis could not write its last snapshot, for which it may refuse writes; see its log',
    },
    kind !== 'single' &&
      node.replicas === 0 && {
        kind: 'no_replica',
        text: 'Redis has no replica now, so what was acknowledged is lost if it fails',
      },
  ]
  return warnings.filter((warning) => warning !== false)
}

function first(nodes: readonly RedisInfo[], fault: (node: RedisInfo) => string | undefined): string | undefined {
  return nodes.map(fault).find((text) => text !== undefined)
}

/** One of each kind. */
function distinct(warnings: readonly LogWarning[]): LogWarning[] {
  return [...new Map(warnings.map((warning) => [warning.kind, warning])).values()]
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
