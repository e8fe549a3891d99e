/** What the operator hears of nodes that differ, and of one that cannot be reached. */
import { describe, expect, it } from 'vitest'
import { beatsStage, type StagedNode } from './beats-stage.ts'

const kinds = ({ beats }: StagedNode) => beats.warnings.map(({ kind }) => kind)
const text = ({ beats }: StagedNode, kind: string) => beats.warnings.find((each) => each.kind === kind)?.text

describe('nodes that differ', () => {
  it('say so on each of them, once in the log, and no longer than it is so', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    const two = await stage.node({ configHash: 'two', modulesHash: 'two', version: '2.0.0', protocol: 2 })
    await stage.pass(5000)
    for (const node of [one, two]) {
      expect(kinds(node)).toEqual(['nodes_rooms', 'nodes_modules', 'nodes_protocol'])
      expect(node.logged.map(({ kind }) => kind)).toEqual(kinds(node))
    }
    expect(text(one, 'nodes_rooms')).toMatch(
      /rooms.json here differs .* 10\.0\.0\.2:7000 \(Corridor 2\.0\.0, started 2026-/,
    )
    two.beats.say({ configHash: 'one' })
    await stage.pass(1000)
    expect(kinds(one)).toEqual(['nodes_modules', 'nodes_protocol'])
    await two.beats.end()
    await stage.pass(1000)
    expect(kinds(one)).toEqual([])
  })

  it('are none where all are the same', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node(), await stage.node()]
    await stage.pass(30_000)
    expect(nodes.flatMap(kinds)).toEqual([])
  })
})

describe('a node that others cannot dial', () => {
  it('says so, with the variable to set, and so do the others', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(1000)
    expect(one.of('linkWanted')).toEqual([expect.stringMatching(two.id)])
    one.beats.dialled(two.id, 'unreachable')
    await stage.pass(4000)
    expect([one, two].flatMap(kinds)).toEqual([])
    await stage.pass(4000)
    expect(kinds(one)).toEqual(['nodes_unreached'])
    expect(kinds(two)).toEqual(['node_unreachable'])
    expect(text(two, 'node_unreachable')).toMatch(
      /cannot reach this node at 10\.0\.0\.2:7000: set LINK_HOST .* LINK_PORT/,
    )
    // It is tried again.
    expect(one.of('linkWanted').length).toBeGreaterThanOrEqual(2)
    one.beats.dialled(two.id, undefined)
    await stage.pass(2000)
    expect([one, two].flatMap(kinds)).toEqual([])
  })

  it('says so at start if its address is one of its machine alone, and others are elsewhere', async () => {
    const stage = beatsStage()
    await stage.node()
    const two = await stage.node({ address: '127.0.0.1:7000' })
    await stage.pass(100)
    expect(kinds(two)).toEqual(['node_unreachable'])
    expect(text(two, 'node_unreachable')).toMatch(/127\.0\.0\.1:7000: set LINK_HOST/)
    const local = beatsStage()
    const nodes = [await local.node({ address: '127.0.0.1:7000' }), await local.node({ address: '[::1]:7000' })]
    await local.pass(100)
    expect(nodes.flatMap(kinds)).toEqual([])
  })

  it('is nothing to tell of where it has died', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3000)
    two.process.die()
    one.beats.dialled(two.id, 'refused')
    for (let second = 0; second < 20; second += 1) {
      await stage.pass(1000)
      expect(kinds(one)).toEqual([])
    }
  })
})

it('a node that hears nothing through Redis says which right is missing', async () => {
  const stage = beatsStage()
  const [one, deaf] = [await stage.node(), await stage.node({ hears: false })]
  await stage.pass(20_000)
  expect(kinds(one)).toEqual([])
  expect(text(deaf, 'redis_channels')).toMatch(/&corridor:\*/)
})

it('a node that stood still has missed nothing that it said', async () => {
  const stage = beatsStage()
  const [one] = [await stage.node(), await stage.node()]
  await stage.pass(3500)
  one.process.pause()
  await stage.pass(20_000)
  one.process.goOn()
  await stage.pass(3000)
  expect(one.logged).toEqual([])
})

it.each([
  [3_600_000, '3600 s ahead of that of Redis, so tokens end and alarms ring too early'],
  [-60_000, '60 s behind that of Redis, so tokens end and alarms ring too late'],
  [4000, undefined],
])('a node whose clock is wrong says so: by %d ms', async (aheadMs, said) => {
  const stage = beatsStage()
  const [one, two] = [await stage.node(), await stage.node({ aheadMs })]
  await stage.pass(3000)
  expect(kinds(one)).toEqual([])
  if (said === undefined) expect(kinds(two)).toEqual([])
  else expect(text(two, 'node_clock')).toContain(said)
})
