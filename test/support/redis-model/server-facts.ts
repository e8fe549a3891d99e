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
  const sections = sectionsOf(model)
  const found = Object.entries(sections).filter(
    ([name]) => name === section || /^(default|all|everything)$/.test(section),
  )
  const texts = found.map(([name, facts]) => {
    const title = `# ${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
    return [title, ...Object.entries(facts).map(([fact, value]) => `${fact}:${value}`), ''].join('\r\n')
  })
  return texts.join('\r\n')
}

export function roleOf({ faults, position }: RedisModel): Answer {
  return faults.isReplica ? ['slave', '127.0.0.1', 6379, 'connected', position] : ['master', position, []]
}

function sectionsOf({
  runId,
  faults,
  config,
  position,
  keys,
}: RedisModel): Record<string, Record<string, string | number>> {
  return {
    server: { redis_version: '7.0.15', redis_mode: 'standalone', run_id: runId, tcp_port: 6379 },
    memory: {
      used_memory: faults.isFull ? Number(config.get('maxmemory')) + 1 : 1_000_000,
      maxmemory: Number(config.get('maxmemory')),
      maxmemory_policy: config.get('maxmemory-policy') ?? '',
    },
    persistence: {
      loading: faults.isLoading ? 1 : 0,
      aof_enabled: config.get('appendonly') === 'yes' ? 1 : 0,
      aof_last_write_status: faults.diskError === undefined ? 'ok' : 'err',
    },
    replication: faults.isReplica
      ? { role: 'slave', master_link_status: 'up', slave_repl_offset: position, connected_slaves: 0 }
      : { role: 'master', connected_slaves: 0, master_repl_offset: position },
    keyspace: keys.size > 0 ? { db0: `keys=${keys.size},expires=0,avg_ttl=0` } : {},
  }
}
