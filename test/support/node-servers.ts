/** Servers of one process that are nodes on one real Redis, for the tests of a file: those of a test end with it. */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { need } from './components.ts'
import { RedisServer } from './redis.ts'
import { type Setup, startServer, type TestServer } from './server.ts'

export interface NodeServers {
  /** Those that run. A test that ends one itself takes it out. */
  readonly nodes: TestServer[]
  /** Set once the tests run. */
  readonly redisUrl: string
  start(setup: Setup): Promise<TestServer>
}

export function nodeServers(): NodeServers {
  const command = need('redis')
  const nodes: TestServer[] = []
  let redis: RedisServer
  beforeAll(async () => {
    if (command) redis = await RedisServer.start(command)
  })
  afterAll(() => redis?.remove())
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })
  return {
    nodes,
    get redisUrl() {
      return redis.url
    },
    async start(setup) {
      const node = await startServer({ ...setup, env: { REDIS_URL: redis.url, ...setup.env } })
      nodes.push(node)
      return node
    },
  }
}
