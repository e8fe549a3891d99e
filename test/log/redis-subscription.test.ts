/** What is heard of a real Redis on a connection of its own, and how that begins again. */
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedis, type RedisLink } from '../../src/log/redis/open.ts'
import { need } from '../support/components.ts'
import { SILENT } from '../support/places.ts'
import { RedisServer } from '../support/redis.ts'

const command = need('redis')
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function server(settings: Record<string, string> = {}): Promise<RedisServer> {
  const redis = await RedisServer.start(command ?? '', settings)
  ends.push(() => redis.remove())
  return redis
}

async function open(url: string): Promise<RedisLink['calls']> {
  const link = await openRedis(url, systemClock(), SILENT)
  ends.push(() => link.close())
  return link.calls
}

/** What a connection hears on two channels. */
function hearing(calls: RedisLink['calls']) {
  const heard: string[] = []
  const subscription = calls.subscribe?.(['corridor:a', 'corridor:ü'], (channel, text) =>
    heard.push(`${channel} ${text}`),
  )
  if (!subscription) throw new Error('expected calls that can subscribe')
  /** Says it until it is heard, as a node does. */
  const isHeard = async (by: RedisLink['calls'], channel: string, text: string) => {
    await expect
      .poll(async () => {
        subscription.revive()
        await by.command('PUBLISH', channel, text).catch(() => {})
        return heard.includes(`${channel} ${text}`)
      })
      .toBe(true)
  }
  return { heard, subscription, isHeard }
}

describe('a subscription', () => {
  it('hears its channels, and the calls go on beside it', async () => {
    const redis = await server()
    const calls = await open(redis.url)
    const { isHeard, heard } = hearing(calls)
    await isHeard(calls, 'corridor:ü', 'größer\n1')
    await calls.command('PUBLISH', 'corridor:b', 'for others')
    await isHeard(calls, 'corridor:a', 'second')
    expect(heard.filter((line) => line.startsWith('corridor:b'))).toEqual([])
  })

  it('begins again after Redis was away, and when it is told to', async () => {
    const redis = await server()
    const calls = await open(redis.url)
    const { isHeard, subscription } = hearing(calls)
    await isHeard(calls, 'corridor:a', '1')
    await redis.kill()
    subscription.revive()
    await redis.restart()
    await isHeard(calls, 'corridor:a', '2')
    subscription.renew()
    await isHeard(calls, 'corridor:a', '3')
  })

  it('is heard no more when it ends', async () => {
    const redis = await server()
    const calls = await open(redis.url)
    const { isHeard, subscription } = hearing(calls)
    const other = hearing(calls)
    await isHeard(calls, 'corridor:a', '1')
    await other.isHeard(calls, 'corridor:a', '1')
    subscription.end()
    subscription.revive()
    await expect.poll(() => redis.say('PUBSUB', 'NUMSUB', 'corridor:a')).toEqual(['corridor:a', 1])
  })

  it('hears through every node of a Cluster', async () => {
    const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' }
    const [one, two] = [await server(settings), await server(settings)]
    await one.say('CLUSTER', 'ADDSLOTSRANGE', 0, 8191)
    await two.say('CLUSTER', 'ADDSLOTSRANGE', 8192, 16383)
    await one.say('CLUSTER', 'MEET', '127.0.0.1', two.port)
    for (const node of [one, two]) await expect.poll(() => node.say('CLUSTER', 'INFO')).toContain('cluster_state:ok')
    const calls = await open(`redis+cluster://127.0.0.1:${one.port}`)
    const { isHeard, heard } = hearing(calls)
    await isHeard(calls, 'corridor:a', '1')
    for (const node of [one, two])
      await expect
        .poll(async () => {
          await node.say('PUBLISH', 'corridor:a', String(node.port))
          return heard.includes(`corridor:a ${node.port}`)
        })
        .toBe(true)
  })
})
