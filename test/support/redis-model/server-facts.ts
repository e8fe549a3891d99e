/** What a model says about itself: `INFO`, `CONFIG GET`, `ROLE`. Numbers that a real one measures are made up, and round. */
import type { Answer } from './answer.ts'
import { glob } from './commands/scan.ts'
import type { RedisModel } from './redis-model.ts'

const USUAL = {
  appendonly: 'yes',
  appendfsync: 'always',
  maxmemory: '0',
  'maxmemory-policy': 'noeviction',
  save: '',
}

export function configOf(config: Readonly<Record<string, string>> = {}): Map<string, string> {
  return new Map(Object.entries({ ...USUAL, ...config }))
}

/** Names and values of the settings that a pattern names. */
export function configsLike(config: ReadonlyMap<string, string>, pattern: string): string[] {
  const sought = glob(pattern)
  return [...config].filter(([name]) => sought.test(name)).flat()
}

export function infoOf(model: RedisModel, section: string): string {
  if (section === 'server') return sectionText('server', serverOf(model))
  const isAll = /^(default|all|everything)$/.test(section)
  const found = Object.entries(sectionsOf(model)).filter(([name]) => isAll || name === section)
  return found.map(([name, facts]) => sectionText(name, facts)).join('\r\n')
}

export function roleOf({ faults, position }: RedisModel): Answer {
  return faults.isReplica ? ['slave', '127.0.0.1', 6379, 'connected', position] : ['master', position, []]
}

type Facts = Readonly<Record<string, string | number>>

function sectionText(name: string, facts: Facts): string {
  let text = `# ${name.slice(0, 1).toUpperCase()}${name.slice(1)}\r\n`
  for (const [fact, value] of Object.entries(facts)) text += `${fact}:${value}\r\n`
  return text
}

function serverOf({ runId }: RedisModel): Facts {
  return { redis_version: '7.0.15', redis_mode: 'standalone', run_id: runId, tcp_port: 6379 }
}

function sectionsOf(model: RedisModel): Record<string, Facts> {
  const { faults, config, position, keys, replicas } = model
  const limit = Number(config.get('maxmemory'))
  const maxmemory = faults.isFull ? Math.max(1, limit) : limit
  return {
    server: serverOf(model),
    memory: {
      used_memory: faults.isFull ? maxmemory + 1 : 1_000_000,
      maxmemory,
      maxmemory_policy: config.get('maxmemory-policy') ?? '',
    },
    persistence: {
      loading: faults.isLoading ? 1 : 0,
      aof_enabled: config.get('appendonly') === 'yes' ? 1 : 0,
      aof_last_write_status: faults.diskError === 'aof' ? 'err' : 'ok',
      rdb_last_bgsave_status: faults.diskError === 'snapshot' ? 'err' : 'ok',
    },
    replication: faults.isReplica
      ? { role: 'slave', slave_repl_offset: position, slave_read_only: 1, connected_slaves: 0 }
      : { role: 'master', connected_slaves: replicas.count, master_repl_offset: position },
    keyspace: keys.size > 0 ? { db0: `keys=${keys.size},expires=0,avg_ttl=0` } : {},
  }
}
