/**
 * Makes this server a node among those with the same `REDIS_URL`: connects to Redis, opens the log in it, and links to the
 * other nodes over TCP. `server.ts` loads this file only where `REDIS_URL` is set.
 */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import type { RoomLogger } from '../define.ts'
import { openRedisLog } from '../log/redis/open.ts'
import type { Random } from '../random.ts'
import { ownVersion } from '../version.ts'
import { hashesOf } from './config-hash.ts'
import { LinkNetwork } from './link-network.ts'
import { NodeHttp } from './node-http.ts'
import { Nodes } from './nodes.ts'

export interface OpeningParts {
  readonly environment: Pick<Environment, 'linkHost' | 'linkPort'>
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Called with the seconds that each commit took. */
  readonly onCommit: (seconds: number) => void
}

/** Rejects with a `ConfigError` if the URL is wrong, or if a Redis is there and cannot be used. */
export async function openNodes(url: string, { environment, config, ...parts }: OpeningParts): Promise<Nodes> {
  const { log, calls, localAddress } = await openRedisLog(url, parts)
  const { linkHost: host, linkPort: port } = environment
  let network: LinkNetwork | undefined
  const nodes: Nodes = new Nodes({
    ...parts,
    ...{ log, calls },
    hashes: hashesOf(config.mounts),
    version: ownVersion(),
    network(self) {
      network = new LinkNetwork({
        ...{ ...parts, self, host, port, localAddress, secret: () => log.key },
        handedOn: (request, response) => nodes.http?.take(request, response),
      })
      return network
    },
  })
  const { roster, ownership, links } = nodes
  nodes.http = new NodeHttp({ ...parts, roster, ownership, links, doorOf: (node) => network?.doorOf(node) })
  return nodes
}
