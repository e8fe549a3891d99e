/** How a Redis is judged by what it says of itself: never better than it is. */
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/log/redis/judgement.ts'
import { type RedisInfo, readInfo } from '../../src/log/redis/redis-info.ts'
import { configOf, HEALTHY, infoOf } from '../support/made-up-redis.ts'

const MIB = 1024 ** 2
const judged = (change: Partial<RedisInfo>, kind: 'single' | 'sentinel' | 'cluster' = 'single') =>
  judge([{ ...HEALTHY, ...change }], kind)
const kinds = (change: Partial<RedisInfo>, kind?: 'single' | 'sentinel' | 'cluster') =>
  judged(change, kind).warnings.map((warning) => warning.kind)

it('what it says is read as it is', () => {
  const full = { ...HEALTHY, maxBytes: 5, policy: 'allkeys-lru', replicas: 2, isReplica: true, isReadOnly: true }
  for (const info of [HEALTHY, full, { ...HEALTHY, appendfsync: undefined, canWriteAof: false, canSnapshot: false }])
    expect(readInfo(infoOf(info), configOf(info))).toEqual(info)
})

it('a Valkey, which names its own version and mode, is read as it is', () => {
  const valkey = { ...HEALTHY, name: 'Valkey', version: '8.0.1', mode: 'cluster' } as const
  expect(readInfo(infoOf(valkey), configOf(valkey))).toEqual(valkey)
  expect(judged(valkey).refusal).toContain('a node of a Cluster')
})

it('a healthy one is in no trouble, and nothing is warned of', () => {
  expect(judged({})).toEqual({ refusal: undefined, trouble: undefined, kept: 'fsync', warnings: [] })
})

describe('what is kept', () => {
  it.each([
    ['writes each commit to its disk', {}, 'single', 'fsync'],
    ['writes once a second', { appendfsync: 'everysec' }, 'single', 'memory'],
    ['does not say when it writes', { appendfsync: undefined }, 'single', 'memory'],
    ['has no append-only file', { hasAof: false }, 'single', 'memory'],
    ['is loading', { isLoading: true }, 'single', 'memory'],
    ['is a replica', { isReplica: true }, 'single', 'memory'],
    ['has a replica, which may take its place', { replicas: 1 }, 'single', 'replicated'],
    ['may be replaced by its Sentinels, and has no replica now', {}, 'sentinel', 'memory'],
    ['may be replaced by its Sentinels, and has a replica', { replicas: 1 }, 'sentinel', 'replicated'],
    ['is a Cluster without replicas', { mode: 'cluster' }, 'cluster', 'memory'],
  ] as const)('%s', (_, change, kind, kept) => expect(judged(change, kind).kept).toBe(kept))

  it('of a Cluster is what its weakest node keeps', () => {
    const node = { ...HEALTHY, mode: 'cluster', replicas: 1 }
    expect(judge([node, node], 'cluster').kept).toBe('replicated')
    expect(judge([node, { ...node, replicas: 0 }], 'cluster').kept).toBe('memory')
    expect(judge([], 'cluster')).toMatchObject({ kept: 'memory', trouble: 'no master of the Cluster answers' })
  })
})

describe('trouble', () => {
  it.each([
    ['Redis is loading its data', { isLoading: true }],
    ['Redis is a replica, which takes no writes', { isReplica: true, isReadOnly: true }],
    ['Redis cannot write its append-only file', { canWriteAof: false }],
    ['Redis is full (maxmemory is 10 MiB)', { maxBytes: 10 * MIB, usedBytes: 10 * MIB + 1 }],
    ['Redis is full (maxmemory is 10 MiB)', { maxBytes: 10 * MIB, usedBytes: 11 * MIB, policy: 'volatile-lru' }],
    [undefined, { maxBytes: 10 * MIB, usedBytes: 11 * MIB, policy: 'allkeys-lru' }],
    [undefined, { maxBytes: 10 * MIB, usedBytes: 10 * MIB }],
  ] as const)('%s: %j', (trouble, change) => expect(judged(change).trouble).toBe(trouble))
})

describe('a warning', () => {
  it.each([
    ['eviction', { policy: 'allkeys-lfu' }],
    ['no_aof', { hasAof: false }],
    ['replica', { isReplica: true, isReadOnly: false }],
    ['memory', { maxBytes: 100 * MIB, usedBytes: 91 * MIB }],
    ['snapshot', { canSnapshot: false }],
  ] as const)('%s: %j', (kind, change) => expect(kinds(change)).toEqual([kind]))

  it('is not given for what is well', () => {
    expect(kinds({ policy: 'volatile-ttl', appendfsync: 'everysec', replicas: 3 })).toEqual([])
    expect(kinds({ maxBytes: 100 * MIB, usedBytes: 89 * MIB })).toEqual([])
  })

  it('of Sentinels and a Cluster is that there is no replica; each kind is given once', () => {
    expect(kinds({}, 'sentinel')).toEqual(['no_replica'])
    const node = { ...HEALTHY, mode: 'cluster' }
    expect(judge([node, node], 'cluster').warnings).toHaveLength(1)
  })
})

describe('what can never be used', () => {
  it.each([
    ['expected Redis 7.0 or newer, or Valkey, got 6.2.7', { version: '6.2.7' }, 'single'],
    ['this is a Sentinel', { mode: 'sentinel' }, 'single'],
    ['this is a node of a Cluster', { mode: 'cluster' }, 'single'],
    ['this is no Cluster', {}, 'cluster'],
  ] as const)('%s', (refusal, change, kind) => expect(judged(change, kind).refusal).toContain(refusal))

  it('is not Valkey, nor a newer one', () => {
    for (const version of ['7.0.0', '7.2.4', '8.2.1', '10.0.0']) expect(judged({ version }).refusal).toBeUndefined()
  })
})
