/**
 * Nodes that are killed, stopped, frozen, cut off from each other, and a Redis that is killed and frozen, one after the
 * other as a seed decides, under load (catalogue: ND1). `SEED` says which, `TURNS` how many.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { tell } from '../support/figures.ts'
import { seeded } from '../support/random.ts'
import { pause } from './faults.ts'
import { needMachines } from './machines.ts'
import { NodesStage } from './stage.ts'

const SEED = Number(process.env.SEED ?? 1)
const TURNS = Number(process.env.TURNS ?? (process.env.FULL === '1' ? 60 : 12))

const command = need('redis') ?? ''
let stage: NodesStage | undefined

afterEach(() => stage?.remove())

type Below = (limit: number) => number
type Turn = readonly [name: string, does: (stage: NodesStage, below: Below) => Promise<void>]

const LOOP: readonly Turn[] = [
  [
    'a node is killed',
    async ({ cluster }, below) => {
      const node = cluster.node(below(3))
      await node.kill()
      await pause(below(4000))
      await node.start()
    },
  ],
  [
    'a node is stopped',
    async ({ cluster }, below) => {
      const node = cluster.node(below(3))
      await node.end()
      await pause(below(2000))
      await node.start()
    },
  ],
  [
    'two nodes are stopped at once',
    async ({ cluster }, below) => {
      const first = below(3)
      const both = [cluster.node(first), cluster.node((first + 1) % 3)]
      await Promise.all(both.map((node) => node.end()))
      await Promise.all(both.map((node) => node.start()))
    },
  ],
  [
    'a node is frozen',
    async ({ cluster }, below) => {
      const node = cluster.node(below(3))
      node.freeze()
      await pause(below(2) === 0 ? below(5000) : 11_000 + below(5000))
      node.thaw()
    },
  ],
  [
    'two nodes are cut off from each other',
    async ({ cluster: { machines } }, below) => {
      const [one, other] = [1 + below(3), 1 + below(3)]
      if (one === other) return
      const isOneWay = below(2) === 0
      machines?.cut(one, other)
      if (!isOneWay) machines?.cut(other, one)
      await pause(below(14_000))
      machines?.mend(one, other)
      if (!isOneWay) machines?.mend(other, one)
    },
  ],
  [
    'a node is cut off from Redis',
    async ({ cluster: { machines, redis } }, below) => {
      const node = 1 + below(3)
      machines?.cut(node, 0, redis.port)
      await pause(below(16_000))
      machines?.mend(node, 0, redis.port)
    },
  ],
  [
    'Redis is killed',
    async ({ cluster: { redis } }, below) => {
      await redis.kill()
      await pause(below(3000))
      await redis.restart()
    },
  ],
  [
    'Redis is frozen',
    async ({ cluster: { redis } }, below) => {
      redis.freeze()
      await pause(below(14_000))
      redis.thaw()
    },
  ],
]

describe('one thing after the other', () => {
  needMachines()

  it(`${TURNS} times from seed ${SEED}: nothing acknowledged is lost or doubled, one order, no gap`, {
    timeout: 120_000 + TURNS * 60_000,
  }, async () => {
    const { below } = seeded(SEED)
    stage = await NodesStage.make(command, { hasMachines: true })
    const begun = stage
    await begun.begin(below(3))
    const names: string[] = []
    for (let turn = 0; turn < TURNS; turn += 1) {
      const [name, does] = LOOP[below(LOOP.length)] as Turn
      names.push(name)
      process.stdout.write(`${turn + 1}: ${name}\n`)
      await begun.fault(() => does(begun, below))
    }
    const outcome = await begun.judge()
    process.stdout.write(`${JSON.stringify(outcome)}\n`)
    expect(outcome).toMatchObject({ anomalies: [], told: 0 })
    tell('ND1', `messages acknowledged over ${TURNS} faults from seed ${SEED}`, outcome.acked)
    tell('ND1', 'of them lost, doubled, out of order', 0)
  })
})
