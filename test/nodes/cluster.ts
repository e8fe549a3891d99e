/**
 * Some nodes on one Redis, each a process, all with one `rooms.json`: on one machine, or each on a machine of the test's
 * own. Who goes through `front` has a node that it prefers, and is sent to another while that one is down, as a balancer
 * does it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bucketOf, NODES_KEY } from '../../src/log/redis/keys.ts'
import { readField } from '../../src/nodes/node-field.ts'
import type { NodeEntry } from '../../src/nodes/roster.ts'
import { patiently } from '../support/patience.ts'
import { RedisServer, type RedisSettings } from '../support/redis.ts'
import { RedisRelay } from '../support/redis-relay.ts'
import { Front } from './front.ts'
import { Machines } from './machines.ts'
import { NodeProcess, unusedPorts } from './node-process.ts'

const MODULE = fileURLToPath(new URL('../kill/redis/room.ts', import.meta.url))
const LOOK_MS = 100
const RATE = { perSecond: 1_000_000, burst: 1_000_000 }
const SERVER = { limits: { peers: 100_000, handshakes: RATE } }

export interface ClusterSetup {
  /** Three, unless it says otherwise. */
  readonly nodes?: number
  /** Each node on a machine of its own, the Redis and the clients beside them. */
  readonly hasMachines?: boolean
  /** Each node has its own way to Redis, which a test makes bad. */
  readonly hasRelays?: boolean
  /** Lines of `rooms.json`; default: `/room` and `/r/:name`, which count what is said. */
  readonly rooms?: Readonly<Record<string, object>>
  /** In each line. */
  readonly line?: object
  readonly env?: Readonly<Record<string, string>>
  readonly redis?: RedisSettings
}

export class Cluster {
  readonly folder: string
  readonly redis: RedisServer
  readonly machines: Machines | undefined
  readonly nodes: readonly NodeProcess[]
  readonly fronts: readonly Front[]
  /** Of each node. */
  readonly relays: readonly RedisRelay[]

  private constructor(parts: Pick<Cluster, 'folder' | 'redis' | 'machines' | 'nodes' | 'fronts' | 'relays'>) {
    this.folder = parts.folder
    this.redis = parts.redis
    this.machines = parts.machines
    this.nodes = parts.nodes
    this.fronts = parts.fronts
    this.relays = parts.relays
  }

  /** `command`: what `need('redis')` found. The nodes are not started yet. */
  static async make(command: string, setup: ClusterSetup = {}): Promise<Cluster> {
    const { nodes: count = 3, env = {} } = setup
    const folder = mkdtempSync(join(tmpdir(), 'corridor-nodes-'))
    writeFileSync(join(folder, 'rooms.json'), JSON.stringify({ server: SERVER, rooms: linesOf(setup) }))
    const machines = setup.hasMachines ? await Machines.make(count) : undefined
    const here = machines?.address(0) ?? '127.0.0.1'
    const bound = machines && { bind: `127.0.0.1 ${here}`, 'protected-mode': 'no' }
    const redis = await RedisServer.start(command, { ...bound, ...setup.redis })
    const relays: RedisRelay[] = []
    const ports = await unusedPorts(2 * count)
    const nodes: NodeProcess[] = []
    for (let at = 0; at < count; at += 1) {
      if (setup.hasRelays) relays.push(await RedisRelay.to(redis.port))
      const place = {
        host: machines?.address(at + 1) ?? '127.0.0.1',
        port: ports[2 * at] ?? 0,
        linkPort: ports[2 * at + 1] ?? 0,
        folder,
        redisUrl: relays[at]?.url ?? `redis://${here}:${redis.port}`,
        prefix: machines?.on(at + 1) ?? [],
        env,
      }
      nodes.push(new NodeProcess(place))
    }
    const fronts = await Promise.all(nodes.map((_, at) => Front.open([...nodes.slice(at), ...nodes.slice(0, at)])))
    return new Cluster({ folder, redis, machines, nodes, fronts, relays })
  }

  static async start(command: string, setup: ClusterSetup = {}): Promise<Cluster> {
    const cluster = await Cluster.make(command, setup)
    try {
      await Promise.all(cluster.nodes.map((node) => node.start()))
      await cluster.heard()
      return cluster
    } catch (error) {
      await cluster.remove()
      throw error
    }
  }

  node(at: number): NodeProcess {
    const node = this.nodes[at]
    if (!node) throw new Error(`expected a node below ${this.nodes.length}, got ${at}`)
    return node
  }

  /** Who prefers this node; without a slash at the end. */
  front(at: number): string {
    const front = this.fronts[at]
    if (!front) throw new Error(`expected a node below ${this.nodes.length}, got ${at}`)
    return front.url
  }

  /** Resolves when every node can be asked through Redis whether it lives: from then on the loss of one is known soon. */
  async heard(): Promise<void> {
    const hears = async () => {
      const fields = (await this.redis.say('HVALS', NODES_KEY)) as string[]
      const newest = new Map<string, NodeEntry>()
      for (const field of fields) {
        const { entry } = readField('', field)
        // One that was killed is still there.
        if (entry.startedMs >= (newest.get(entry.address)?.startedMs ?? 0)) newest.set(entry.address, entry)
      }
      return this.nodes.every(({ place }) => newest.get(`${place.host}:${place.linkPort}`)?.hears)
    }
    const wait = async () => {
      while (!(await hears())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    await patiently(wait(), 'all nodes to hear what is said to them')
  }

  /** Where a room lives, as Redis has it; `undefined`: nowhere. */
  async ownerOf(path: string): Promise<number | undefined> {
    return this.redis.talk(async (say) => {
      const id = await say('HGET', `${bucketOf(path)}m${path}`, 'o')
      const field = id ? await say('HGET', NODES_KEY, String(id)) : null
      const { address } = readField(String(id), String(field)).entry
      const at = this.nodes.findIndex(({ place }) => address === `${place.host}:${place.linkPort}`)
      return at === -1 ? undefined : at
    })
  }

  /** Ends everything, whatever state it is in. */
  async remove(): Promise<void> {
    await Promise.all(this.fronts.map((front) => front.close()))
    await Promise.all(this.nodes.map((node) => node.kill()))
    await Promise.all(this.relays.map((relay) => relay.close()))
    await this.redis.remove()
    await this.machines?.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function linesOf({ rooms, line }: ClusterSetup): Readonly<Record<string, object>> {
  const limits = { rate: RATE, peers: 50_000, perAddress: 50_000 }
  const own = { module: MODULE, history: { keep: 1_000_000 }, limits }
  const lines = rooms ?? { '/room': own, '/r/:name': { ...own, instances: 100_000 } }
  return Object.fromEntries(Object.entries(lines).map(([path, given]) => [path, { limits, ...given, ...line }]))
}
