/** What one Redis says of itself (`INFO`, `CONFIG GET`), as values. `judgement.ts` judges it. */
import type { Reply } from './redis-calls.ts'

/** The parts of `INFO` that are asked for. */
export const SECTIONS = ['server', 'memory', 'persistence', 'replication'] as const
/** The settings that are asked for; a Redis may forbid it. */
export const SETTINGS = ['appendfsync'] as const

export interface RedisInfo {
  readonly name: 'Redis' | 'Valkey'
  readonly version: string
  readonly runId: string
  /** `standalone`, `cluster` or `sentinel`. */
  readonly mode: string
  readonly isLoading: boolean
  readonly isReplica: boolean
  /** Whether a replica refuses writes. */
  readonly isReadOnly: boolean
  /** Replicas that follow it. */
  readonly replicas: number
  /** Whether it writes an append-only file. */
  readonly hasAof: boolean
  readonly canWriteAof: boolean
  readonly canSnapshot: boolean
  /** What counts against `maxmemory`. */
  readonly usedBytes: number
  /** `undefined`: without a limit. */
  readonly maxBytes: number | undefined
  readonly policy: string
  /** `undefined`: it did not say. */
  readonly appendfsync: string | undefined
}

/** `config`: the reply of `CONFIG GET`; `undefined`: it is forbidden. */
export function readInfo(info: Reply, config: Reply | undefined): RedisInfo {
  const fields = new Map<string, string>()
  for (const [, name = '', value = ''] of textOf(info).matchAll(/^([a-z_]+\w*):(.*?)\r?$/gm)) fields.set(name, value)
  const text = (name: string) => fields.get(name) ?? ''
  const number = (name: string) => Number(fields.get(name) ?? 0)
  const settings = Array.isArray(config) ? config.map(textOf) : []
  const setting = (name: string) => settings[settings.indexOf(name) + 1]
  return {
    // Valkey says besides which Redis it is like.
    name: fields.has('valkey_version') ? 'Valkey' : 'Redis',
    version: text('valkey_version') || text('redis_version'),
    runId: text('run_id'),
    mode: text('server_mode') || text('redis_mode'),
    isLoading: number('loading') === 1,
    isReplica: text('role') === 'slave',
    isReadOnly: number('slave_read_only') === 1,
    replicas: number('connected_slaves'),
    hasAof: number('aof_enabled') === 1,
    canWriteAof: !fields.has('aof_last_write_status') || text('aof_last_write_status') === 'ok',
    canSnapshot: !fields.has('rdb_last_bgsave_status') || text('rdb_last_bgsave_status') === 'ok',
    usedBytes: number('used_memory') - number('mem_not_counted_for_evict'),
    maxBytes: number('maxmemory') > 0 ? number('maxmemory') : undefined,
    policy: text('maxmemory_policy'),
    appendfsync: settings.includes('appendfsync') ? setting('appendfsync') : undefined,
  }
}

function textOf(reply: Reply): string {
  return Buffer.isBuffer(reply) ? reply.toString() : ''
}
