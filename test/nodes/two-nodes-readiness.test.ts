/** What `/readyz` of a node says: to take it out where it alone is cut off from Redis, and not where all are. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { RedisServer } from '../support/redis.ts'
import { RedisRelay } from '../support/redis-relay.ts'
import { startServer, type TestServer } from '../support/server.ts'

const command = need('redis')
const AWAY = /nothing can be kept now|Redis did not keep|alarms of closed rooms|a room is given up|is lost/

let redis: RedisServer
/** The second node reaches Redis over it. */
let relay: RedisRelay
let nodes: TestServer[] = []

beforeAll(async () => {
  if (command) redis = await RedisServer.start(command)
})
afterAll(() => redis?.remove())
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close()
  await relay.close()
})

async function start(url = redis.url, history: { keep?: number } = {}): Promise<TestServer> {
  const node = await startServer({ env: { REDIS_URL: url }, rooms: { '/chat': { module: 'chat', history } } })
  node.expectError(AWAY)
  nodes.push(node)
  return node
}

async function startTwo(): Promise<[TestServer, TestServer]> {
  relay = await RedisRelay.to(redis.port)
  nodes = []
  return [await start(), await start(relay.url)]
}

interface Readiness {
  readonly http: number
  readonly reason?: string
  readonly trouble?: string
  readonly warnings?: readonly { readonly kind: string; readonly text: string }[]
}

async function readiness({ url }: TestServer): Promise<Readiness> {
  const answer = await fetch(`${url}/readyz`)
  return { http: answer.status, ...((await answer.json()) as object) }
}

describe('/readyz of a node', () => {
  it('is 503 where it alone is cut off from Redis, until it is not', async () => {
    const [one, two] = await startTwo()
    const ann = await two.connect('/chat', { name: 'ann' })
    await ann.next('welcome')
    expect([(await readiness(one)).http, (await readiness(two)).http]).toEqual([200, 200])
    relay.unplug()
    await expect.poll(async () => (await readiness(two)).http).toBe(503)
    expect((await readiness(two)).reason).toMatch(/this node alone may be cut off/)
    expect(await readiness(one)).toEqual({ http: 200, status: 'ready' })
    // The room is at the other by then; this node is an edge.
    expect(await ann.next('welcome')).toMatchObject({ data: { resumed: true } })
    ann.send('message', { text: 'over the link' }, 'a1')
    expect(await ann.next('ack')).toMatchObject({ id: 'a1', seq: 1 })
    relay.plug()
    await expect.poll(async () => (await readiness(two)).http).toBe(200)
    await ann.close()
  })

  it('is 200 with the trouble where Redis is away for all, however long', async () => {
    const both = await startTwo()
    await expect.poll(async () => (await Promise.all(both.map(readiness))).map(({ http }) => http)).toEqual([200, 200])
    await redis.kill()
    try {
      await expect.poll(async () => (await readiness(both[0])).trouble).toBeDefined()
      // Longer than proof would last without the other node.
      for (let second = 0; second < 13; second += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        expect((await Promise.all(both.map(readiness))).map(({ http }) => http)).toEqual([200, 200])
      }
    } finally {
      await redis.restart()
    }
    await expect.poll(async () => (await readiness(both[1])).trouble).toBeUndefined()
  })

  it('says that nodes differ', async () => {
    const [one] = await startTwo()
    const three = await start(redis.url, { keep: 7 })
    await expect.poll(async () => (await readiness(one)).warnings?.map(({ kind }) => kind)).toEqual(['nodes_rooms'])
    // Each learns of it with a beat of its own.
    const text = async () => (await readiness(three)).warnings?.[0]?.text
    await expect.poll(text).toMatch(/rooms\.json here differs from that of the node at /)
    const metrics = async () => (await fetch(`${one.url}/metrics`)).text()
    await expect.poll(metrics).toMatch(/^corridor_nodes 3$/m)
    expect(await metrics()).toMatch(/corridor_log_warnings\{kind="nodes_rooms"\} 1/)
  })
})
