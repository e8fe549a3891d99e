/** Redis behind Sentinels and as a Cluster, with the real programs: the log goes on, and `kept` says no more than is so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedis, type RedisLink } from '../../src/log/redis/open.ts'
import { RedisRefusal } from '../../src/log/redis/redis-calls.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { freePorts } from '../proxies/proxy.ts'
import { need } from '../support/components.ts'
import { Process } from '../support/process.ts'
import { RedisServer } from '../support/redis.ts'

const command = need('redis')
const COUNT: Script = { name: 'count', text: "#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])" }
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function server(settings: Record<string, string> = {}): Promise<RedisServer> {
  const redis = await RedisServer.start(command ?? '', settings)
  ends.push(() => redis.remove())
  return redis
}

async function open(url: string): Promise<RedisLink> {
  const link = await openRedis(url, systemClock(), silent)
  ends.push(() => link.close())
  return link
}

/** Two nodes, each with half of the slots. */
async function cluster(): Promise<[RedisServer, RedisServer]> {
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' }
  const [one, two] = [await server(settings), await server(settings)]
  await one.say('CLUSTER', 'ADDSLOTSRANGE', 0, 8191)
  await two.say('CLUSTER', 'ADDSLOTSRANGE', 8192, 16383)
  await one.say('CLUSTER', 'MEET', '127.0.0.1', two.port)
  for (const node of [one, two]) await expect.poll(() => node.say('CLUSTER', 'INFO')).toContain('cluster_state:ok')
  return [one, two]
}

/** A Sentinel that alone decides. Returns its port. */
async function sentinel(master: RedisServer): Promise<number> {
  const [port = 0] = await freePorts(1)
  const folder = mkdtempSync(join(tmpdir(), 'corridor-sentinel-'))
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor rooms 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds rooms 1000',
    'sentinel failover-timeout rooms 10000',
  ]
  writeFileSync(join(folder, 'sentinel.conf'), `${lines.join('\n')}\n`)
  const running = new Process(command ?? '', [join(folder, 'sentinel.conf'), '--sentinel'], folder, {})
  ends.push(async () => {
    await running.stop()
    rmSync(folder, { recursive: true })
  })
  await running.text(/\+monitor master rooms/)
  return port
}

it('follows its Sentinels to the replica that takes the place of the master', async () => {
  const master = await server()
  const replica = await server({ replicaof: `127.0.0.1 ${master.port}` })
  await expect.poll(() => replica.say('INFO', 'replication')).toContain('master_link_status:up')
  const port = await sentinel(master)
  await expect.poll(() => sentinelsReplicas(port)).toBe(1)
  const { calls, health } = await open(`redis+sentinel://127.0.0.1:${port}/rooms/0`)
  await expect.poll(() => health.kept).toBe('replicated')
  const before = health.runIds
  const heard: string[] = []
  const subscription = calls.subscribe?.(['corridor:a'], (_, text) => heard.push(text))
  const hears = async (text: string) => {
    subscription?.revive()
    await calls.command('PUBLISH', 'corridor:a', text).catch(() => {})
    return heard.includes(text)
  }
  await expect.poll(() => hears('of the first')).toBe(true)
  await calls.run(COUNT, 'corridor:{1}', [1])
  const again = () => calls.runReplicated?.(COUNT, 'corridor:{1}', [0])
  await expect.poll(again).toEqual({ reply: 1, isReplicated: true })
  await master.kill()
  const there = () => calls.command('GET', 'corridor:{1}').then(String, () => 'away')
  await expect.poll(async () => [await there(), health.runIds[0] !== before[0]]).toEqual(['1', true])
  expect(await calls.run(COUNT, 'corridor:{1}', [1])).toBe(2)
  expect(health.kept).toBe('memory')
  await expect.poll(() => health.warnings).toMatchObject([{ kind: 'no_replica' }])
  await expect.poll(() => hears('of the second')).toBe(true)
})

it('says commands to the node of a Cluster that has the key, also when another has it now', async () => {
  const [one, two] = await cluster()
  const { calls, health } = await open(`redis+cluster://127.0.0.1:${one.port}`)
  expect(health).toMatchObject({ kept: 'memory', trouble: undefined, warnings: [{ kind: 'no_replica' }] })
  expect(health.runIds).toHaveLength(2)
  const keys = Array.from({ length: 20 }, (_, n) => `corridor:{${n}}`)
  for (const key of keys) expect(await calls.run(COUNT, key, [1])).toBe(1)
  const here = Number(await one.say('DBSIZE'))
  expect(here).toBeGreaterThan(0)
  expect(here).toBeLessThan(20)

  const [key = ''] = keys
  const slot = Number(await one.say('CLUSTER', 'KEYSLOT', key))
  const [from, to] = slot < 8192 ? [one, two] : [two, one]
  const [old, next] = [String(await from.say('CLUSTER', 'MYID')), String(await to.say('CLUSTER', 'MYID'))]
  await to.say('CLUSTER', 'SETSLOT', slot, 'IMPORTING', old)
  await from.say('CLUSTER', 'SETSLOT', slot, 'MIGRATING', next)
  await from.say('MIGRATE', '127.0.0.1', to.port, key, 0, 5000)
  for (const node of [to, from]) await node.say('CLUSTER', 'SETSLOT', slot, 'NODE', next)
  const moved = await calls.runReplicated?.(COUNT, key, [1])
  expect(moved).toEqual({ reply: 2, isReplicated: false })
  await expect(calls.command('INCR', 'corridor:{1}', 'too many')).rejects.toBeInstanceOf(RedisRefusal)
})

it('says nothing twice to a Cluster of which a node dies and comes back', async () => {
  const [one, two] = await cluster()
  const { calls, health } = await open(`redis+cluster://127.0.0.1:${one.port},127.0.0.1:${two.port}`)
  await calls.run(COUNT, 'corridor:{1}', [0])
  const node = (await one.say('DBSIZE')) === 1 ? one : two
  node.freeze()
  const unanswered = Promise.allSettled([calls.run(COUNT, 'corridor:{1}', [1]), calls.command('INCR', 'corridor:{1}')])
  const before = health.runIds
  await node.kill()
  await node.restart()
  // Sent again, it would be refused by a node that just begins: as if it had never run.
  const lost = { status: 'rejected', reason: expect.not.objectContaining({ code: expect.anything() }) }
  expect(await unanswered).toEqual([lost, lost])
  await expect.poll(() => health.runIds.length === 2 && String(health.runIds) !== String(before)).toBe(true)
  await expect.poll(() => calls.command('GET', 'corridor:{1}').then(String, () => 'away')).toBe('0')
})

it('refuses a Sentinel and a node of a Cluster that are given for a Redis', async () => {
  const node = await server({ 'cluster-enabled': 'yes' })
  await expect(openRedis(node.url, systemClock(), silent)).rejects.toThrow('write redis+cluster://')
  const alone = await server()
  const port = await sentinel(alone)
  await expect(openRedis(`redis://127.0.0.1:${port}`, systemClock(), silent)).rejects.toThrow('write redis+sentinel://')
  const url = alone.url.replace('redis:', 'redis+cluster:')
  await expect(openRedis(url, systemClock(), silent)).rejects.toThrow('cluster support disabled')
})

async function sentinelsReplicas(port: number): Promise<number> {
  const { Redis } = await import('ioredis')
  const client = new Redis({ port, host: '127.0.0.1', protocol: 2, retryStrategy: null })
  try {
    const replicas = await client.call('SENTINEL', 'REPLICAS', 'rooms')
    return Array.isArray(replicas) ? replicas.length : 0
  } finally {
    client.disconnect()
  }
}
