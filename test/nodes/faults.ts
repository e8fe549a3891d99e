/**
 * What can happen to nodes, as the table of "From one node to three" has it: each is provoked under load, with the room on
 * the first node. `faults.test.ts` runs them once, `faults.measured.test.ts` for longer, with figures.
 */
import type { ClusterSetup } from './cluster.ts'
import type { NodesStage } from './stage.ts'

export interface Fault {
  readonly setup?: ClusterSetup
  /** Nodes whose peers keep their connections. */
  readonly keeps: readonly number[]
  /** Everyone has an answer to something said after it began, in ms: the promise. `undefined`: only after its end. */
  readonly withinMs?: number
  /** How long it lasts, in ms: in `npm test`, and where it is measured. */
  readonly ms: readonly [few: number, many: number]
  provoke(stage: NodesStage, ms: number): Promise<void>
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export const FAULTS: Readonly<Record<string, Fault>> = {
  'an edge is killed': {
    keeps: [0, 2],
    ms: [1000, 5000],
    async provoke({ cluster }, ms) {
      await cluster.node(1).kill()
      await pause(ms)
      await cluster.node(1).start()
    },
  },
  'the owner is stopped by SIGTERM': {
    keeps: [1, 2],
    ms: [1000, 5000],
    async provoke({ cluster }, ms) {
      await cluster.node(0).end()
      await pause(ms)
      await cluster.node(0).start()
    },
  },
  'the owner is killed': {
    keeps: [1, 2],
    withinMs: 1500,
    ms: [3000, 5000],
    async provoke({ cluster }, ms) {
      await cluster.node(0).kill()
      await pause(ms)
      await cluster.node(0).start()
    },
  },
  'the owner is killed and started again at once': {
    keeps: [1, 2],
    ms: [0, 0],
    async provoke({ cluster }) {
      await cluster.node(0).kill()
      await cluster.node(0).start()
    },
  },
  "the owner's machine is gone, and comes back later": {
    setup: { hasMachines: true },
    keeps: [1, 2],
    withinMs: 12_000,
    ms: [15_000, 15_000],
    async provoke({ cluster }, ms) {
      cluster.machines?.lose(1)
      for (const front of cluster.fronts) front.leave(cluster.node(0))
      await pause(ms)
      cluster.machines?.find(1)
      for (const front of cluster.fronts) front.back(cluster.node(0))
    },
  },
  'the owner is frozen and comes back': {
    keeps: [1, 2],
    ms: [14_000, 30_000],
    async provoke({ cluster }, ms) {
      cluster.node(0).freeze()
      await pause(ms)
      cluster.node(0).thaw()
    },
  },
  'the owner is frozen for a moment': {
    keeps: [0, 1, 2],
    ms: [2000, 4000],
    async provoke({ cluster }, ms) {
      cluster.node(0).freeze()
      await pause(ms)
      cluster.node(0).thaw()
    },
  },
  'what an edge sends to the owner does not arrive': {
    setup: { hasMachines: true },
    keeps: [0, 2],
    ms: [15_000, 15_000],
    async provoke({ cluster }, ms) {
      cluster.machines?.cut(2, 1)
      await pause(ms)
      cluster.machines?.mend(2, 1)
    },
  },
  'what the owner sends to an edge does not arrive': {
    setup: { hasMachines: true },
    keeps: [0, 2],
    ms: [15_000, 15_000],
    async provoke({ cluster }, ms) {
      cluster.machines?.cut(1, 2)
      await pause(ms)
      cluster.machines?.mend(1, 2)
    },
  },
  'Redis is away for the owner alone': {
    setup: { hasRelays: true },
    keeps: [0, 1, 2],
    ms: [15_000, 20_000],
    async provoke({ cluster }, ms) {
      cluster.relays[0]?.unplug()
      await pause(ms)
      cluster.relays[0]?.plug()
    },
  },
  'Redis is killed and started again': {
    keeps: [0, 1, 2],
    ms: [1000, 12_000],
    async provoke({ cluster }, ms) {
      await cluster.redis.kill()
      await pause(ms)
      await cluster.redis.restart()
    },
  },
  'Redis is frozen': {
    keeps: [0, 1, 2],
    ms: [2000, 15_000],
    async provoke({ cluster }, ms) {
      cluster.redis.freeze()
      await pause(ms)
      cluster.redis.thaw()
    },
  },
  'Redis loses its last writes': {
    keeps: [0, 1, 2],
    ms: [500, 500],
    async provoke(stage, ms) {
      const { redis } = stage.cluster
      redis.saveFiles()
      await stage.acked(50)
      await redis.kill()
      redis.putFilesBack()
      await pause(ms)
      await redis.restart()
    },
  },
}
