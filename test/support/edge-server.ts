/**
 * A server whose rooms live on another node: two nodes on one real Redis, of which the test has the edge, and every room is
 * open at the other before anybody comes in.
 */
import { need } from './components.ts'
import { RedisServer } from './redis.ts'
import { startServer, type TestServer } from './server.ts'
import type { Join } from './wires.ts'

/** Without a Redis on this machine, the tests of a suite that is called with it are skipped. */
export function onOtherNode(join: Join): { start: typeof startServer; join: Join } {
  const command = need('redis') ?? ''
  const owners = new WeakMap<TestServer, TestServer>()
  return {
    async start(setup = {}) {
      const redis = await RedisServer.start(command)
      const env = { ...setup.env, REDIS_URL: redis.url }
      const owner = await startServer({ ...setup, env })
      const edge = await startServer({ ...setup, env })
      const server: TestServer = {
        ...edge,
        async close() {
          await edge.close()
          await owner.close()
          await redis.remove()
        },
      }
      owners.set(server, owner)
      return server
    },
    async join(server, path, query) {
      const { status } = await fetch(`${owners.get(server)?.url}${path}?offset=now`)
      if (status !== 200) throw new Error(`expected the owner to open ${path}, got ${status}`)
      return join(server, path, query)
    },
  }
}
