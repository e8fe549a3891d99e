/** All that a Redis keeps, asked by commands, so that a real one and a model can be compared. */
import type { RedisCalls, Reply } from '../../src/log/redis/redis-calls.ts'

export type KeptState = Record<string, unknown>

export async function stateOf(calls: RedisCalls): Promise<KeptState> {
  const keys: string[] = []
  let cursor = '0'
  do {
    const [next, page] = (await calls.command('SCAN', cursor, 'COUNT', '1000')) as [Buffer, Buffer[]]
    cursor = next.toString()
    keys.push(...page.map(String))
  } while (cursor !== '0')
  const state: KeptState = {}
  for (const key of keys.sort()) state[key] = await keptAt(calls, key)
  return state
}

async function keptAt(calls: RedisCalls, key: string): Promise<unknown> {
  const ask = async (name: string, ...args: string[]) => texts(await calls.command(name, key, ...args))
  const type = await ask('TYPE')
  const expiry = await ask('PTTL')
  switch (type) {
    case 'string':
      return [type, expiry, await ask('GET')]
    case 'hash':
      return [type, expiry, await ask('HGETALL')]
    case 'list':
      return [type, expiry, await ask('LRANGE', '0', '-1')]
    case 'zset':
      return [type, expiry, await ask('ZRANGE', '0', '-1', 'WITHSCORES')]
    case 'stream':
      return [type, expiry, await ask('XRANGE', '-', '+'), streamFacts(await calls.command('XINFO', 'STREAM', key))]
  }
  throw new Error(`expected a type that the log uses, got ${type}`)
}

/** How many nodes a stream has is compared too; the size of the tree above them is not. */
function streamFacts(reply: Reply): unknown {
  const info = texts(reply) as unknown[]
  return info.toSpliced(info.indexOf('radix-tree-nodes'), 2)
}

/** Bytes as text, one character each. */
export function texts(reply: Reply): unknown {
  if (reply instanceof Buffer) return reply.toString('latin1')
  return Array.isArray(reply) ? reply.map(texts) : reply
}
