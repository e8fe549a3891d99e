/** The time that nodes have in common: of two connections of one client it says which began later. */
import { describe, expect, it } from 'vitest'
import { type BeatsStage, beatsStage, type StagedNode } from './beats-stage.ts'

const SECOND_MS = 1000
/** What a node that took the time from others may be behind by, in a model in which calls take next to nothing. */
const APART_MS = 10

const time = ({ beats, process }: StagedNode) => beats.timeAt(process.clock.monotonic())

async function knows({ beats }: StagedNode): Promise<boolean> {
  return Promise.race([beats.timeKnown.then(() => true), Promise.resolve().then(() => false)])
}

function expectOneTime(nodes: readonly StagedNode[], expectedMs: number): void {
  for (const node of nodes) expect(Math.abs(time(node) - expectedMs)).toBeLessThanOrEqual(APART_MS)
}

/** Nobody listens any more where the others were. */
function refuse({ beats }: StagedNode, gone: readonly StagedNode[]): void {
  for (const { id } of gone) beats.dialled(id, 'refused')
}

async function two(stage: BeatsStage): Promise<StagedNode[]> {
  const nodes = [await stage.node(), await stage.node()]
  await stage.pass(2 * SECOND_MS)
  return nodes
}

describe('the time of all nodes', () => {
  it('is Redis’ time where nobody has another, at the second beat', async () => {
    const stage = beatsStage()
    const one = await stage.node({ aheadMs: 3_600_000 })
    await stage.pass(50)
    expect(await knows(one)).toBe(true)
    expectOneTime([one], stage.clock.now())
  })

  it.each([60_000, -60_000])(
    'is not moved by a clock of Redis that jumps by %d ms, between any two beats',
    async (jumpMs) => {
      const stage = beatsStage()
      const nodes = await two(stage)
      const aheadMs = time(nodes[0] as StagedNode) - stage.clock.monotonic()
      const { faults } = stage.host.model
      for (let at = 0; at < 20; at += 1) {
        await stage.pass(370)
        faults.clockErrorMs += jumpMs * (at % 3 === 1 ? -1 : 1)
        for (let step = 0; step < 10; step += 1) {
          await stage.pass(100)
          expectOneTime(nodes, stage.clock.monotonic() + aheadMs)
        }
      }
    },
  )

  it.each([60_000, 700, -700, -60_000])(
    'is known to a node that starts just after the clock of Redis has jumped by %d ms, once the others have beaten again',
    async (jumpMs) => {
      const stage = beatsStage()
      const nodes = await two(stage)
      const aheadMs = time(nodes[0] as StagedNode) - stage.clock.monotonic()
      await stage.pass(500)
      stage.host.model.faults.clockErrorMs = jumpMs
      const late = await stage.node()
      expect(await knows(late)).toBe(false)
      for (let waits = 0; !(await knows(late)); waits += 1) {
        expect(waits).toBeLessThan(20)
        await stage.pass(50)
      }
      expectOneTime([...nodes, late], stage.clock.monotonic() + aheadMs)
    },
  )

  it('goes on where Redis has lost all, also in a node that starts before the others beat again', async () => {
    const stage = beatsStage()
    const { model } = stage.host
    model.faults.clockErrorMs = 60_000
    const nodes = await two(stage)
    const aheadMs = time(nodes[0] as StagedNode) - stage.clock.monotonic()
    model.faults.clockErrorMs = 0
    await stage.pass(2 * SECOND_MS)
    model.lose()
    const late = await stage.node()
    await stage.pass(300)
    expectOneTime([...nodes, late], stage.clock.monotonic() + aheadMs)
  })

  it('is followed by a node whose clock stood still with its machine', async () => {
    const stage = beatsStage()
    const nodes = await two(stage)
    const slept = await stage.node({ behindMs: () => (stage.clock.monotonic() > 10 * SECOND_MS ? 5000 : 0) })
    await stage.pass(20 * SECOND_MS)
    expectOneTime([slept], time(nodes[0] as StagedNode))
  })

  it('is Redis’ time again when all have ended, or were dead for long', async () => {
    const stage = beatsStage()
    const { model } = stage.host
    model.faults.clockErrorMs = 60_000
    const nodes = await two(stage)
    model.faults.clockErrorMs = 0
    for (const { beats } of nodes) await beats.end()
    const next = await two(stage)
    expectOneTime(next, stage.clock.now())
    model.faults.clockErrorMs = -3_600_000
    for (const { process } of next) process.die()
    await stage.pass(120 * SECOND_MS)
    const last = await stage.node()
    expect(await knows(last)).toBe(false)
    refuse(last, next)
    await stage.pass(500)
    expect(await knows(last)).toBe(true)
    expectOneTime([last], stage.clock.now() - 3_600_000)
  })

  it('is what was said last, and what has passed since, for the first after others have died', async () => {
    const stage = beatsStage()
    const nodes = await two(stage)
    for (const { process } of nodes) process.die()
    await stage.pass(3 * SECOND_MS)
    const next = [await stage.node(), await stage.node()]
    for (const node of next) refuse(node, nodes)
    await stage.pass(500)
    for (const node of next) expect(await knows(node)).toBe(true)
    expectOneTime(next, stage.clock.now())
  })

  it('does not go back where Redis’ clock has gone back since all have died', async () => {
    const stage = beatsStage()
    const nodes = await two(stage)
    const atDeath = time(nodes[0] as StagedNode)
    for (const { process } of nodes) process.die()
    stage.host.model.faults.clockErrorMs = -30_000
    await stage.pass(3 * SECOND_MS)
    const next = await stage.node()
    refuse(next, nodes)
    await stage.pass(500)
    expect(await knows(next)).toBe(true)
    expect(time(next)).toBeGreaterThanOrEqual(atDeath - SECOND_MS)
  })

  it('is known 4 s later where it is not known whether those that knew it live', async () => {
    const stage = beatsStage()
    for (const { process } of await two(stage)) process.die()
    const last = await stage.node()
    await stage.pass(3900)
    expect(await knows(last)).toBe(false)
    await stage.pass(200)
    expect(await knows(last)).toBe(true)
    expectOneTime([last], stage.clock.now())
  })

  it('is not taken from an answer that was held up', async () => {
    const stage = beatsStage()
    const nodes = await two(stage)
    const aheadMs = time(nodes[0] as StagedNode) - stage.clock.monotonic()
    for (const { client } of nodes) client.pacing = () => ({ callMs: 8000, answerMs: 0 })
    const late = await stage.node()
    late.client.pacing = () => ({ callMs: 0, answerMs: 6000 })
    await stage.pass(200)
    for (const { client } of [...nodes, late]) client.pacing = () => ({ callMs: 0, answerMs: 0 })
    for (let waits = 0; !(await knows(late)); waits += 1) {
      expect(waits).toBeLessThan(200)
      await stage.pass(50)
    }
    expectOneTime([...nodes, late], stage.clock.monotonic() + aheadMs)
  })

  it('is not guessed while Redis is slow for those that know it', async () => {
    const stage = beatsStage()
    const nodes = await two(stage)
    const aheadMs = time(nodes[0] as StagedNode) - stage.clock.monotonic()
    nodes.forEach(({ client }, at) => {
      client.pacing = () => ({ callMs: 1200 * (at + 1), answerMs: 0 })
    })
    await stage.pass(4000)
    const late = await stage.node()
    for (const { client } of nodes) client.pacing = () => ({ callMs: 0, answerMs: 0 })
    for (let waits = 0; !(await knows(late)); waits += 1) {
      expect(waits).toBeLessThan(70)
      await stage.pass(50)
    }
    expectOneTime([...nodes, late], stage.clock.monotonic() + aheadMs)
  })
})
