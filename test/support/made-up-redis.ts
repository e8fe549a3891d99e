/** A Redis that only says how it is: what `INFO` and `CONFIG GET` of a healthy one answer, with what a test changes. */
import type { RedisInfo } from '../../src/log/redis/redis-info.ts'

export const HEALTHY: RedisInfo = {
  name: 'Redis',
  version: '7.0.15',
  runId: 'run1',
  mode: 'standalone',
  isLoading: false,
  isReplica: false,
  isReadOnly: false,
  replicas: 0,
  hasAof: true,
  canWriteAof: true,
  canSnapshot: true,
  usedBytes: 1e6,
  maxBytes: undefined,
  policy: 'noeviction',
  appendfsync: 'always',
}

/** The reply of `INFO`, as bytes. */
export function infoOf(info: RedisInfo): Buffer {
  const lines = {
    ...(info.name === 'Valkey'
      ? { redis_version: '7.2.4', server_name: 'valkey', valkey_version: info.version, server_mode: info.mode }
      : { redis_version: info.version, redis_mode: info.mode }),
    run_id: info.runId,
    loading: Number(info.isLoading),
    role: info.isReplica ? 'slave' : 'master',
    ...(info.isReplica ? { slave_read_only: Number(info.isReadOnly) } : {}),
    connected_slaves: info.replicas,
    aof_enabled: Number(info.hasAof),
    aof_last_write_status: info.canWriteAof ? 'ok' : 'err',
    rdb_last_bgsave_status: info.canSnapshot ? 'ok' : 'err',
    used_memory: info.usedBytes + 100,
    mem_not_counted_for_evict: 100,
    maxmemory: info.maxBytes ?? 0,
    maxmemory_policy: info.policy,
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}:${value}\r\n`)
  return Buffer.from(`# Server\r\n${text.join('')}`)
}

/** The reply of `CONFIG GET`. */
export function configOf({ appendfsync }: RedisInfo): Buffer[] {
  return appendfsync === undefined ? [] : [Buffer.from('appendfsync'), Buffer.from(appendfsync)]
}
