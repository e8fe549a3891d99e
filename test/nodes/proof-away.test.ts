/** Whether nodes may speak for their rooms while Redis is away: as long as it is so for all. */
import { describe, expect, it } from 'vitest'
import { beatsStage, tellEachOther } from './beats-stage.ts'
import { cut, linked, proofEnds } from './proof-stage.ts'

const TOLD = /\d+ (cutOff|linkWanted)/

describe('while Redis is away for all', () => {
  it('proof holds for nodes that beat at other times', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(900)
    const two = await stage.node()
    tellEachOther([one, two], stage.clock)
    await stage.pass(5050)
    stage.host.kill()
    for (const node of [one, two]) expect(await proofEnds(stage, node, 30_000)).toBeGreaterThanOrEqual(30_000)
    for (const { of } of [one, two]) expect(of('cutOff')).toEqual([])
  })

  it('proof holds, however long, and no room changes hands when it is back', async () => {
    for (const isFrozen of [true, false]) {
      const { stage, one, two } = await linked()
      if (isFrozen) stage.host.freeze()
      else stage.host.kill()
      expect(await proofEnds(stage, one, 60_000)).toBeGreaterThanOrEqual(60_000)
      expect(two.beats.hasProof).toBe(true)
      if (isFrozen) stage.host.thaw()
      else stage.host.start()
      expect(await proofEnds(stage, one, 20_000)).toBeGreaterThanOrEqual(20_000)
      for (const node of [one, two]) expect(node.told.filter((line) => /died|cutOff/.test(line))).toEqual([])
    }
  })

  it('proof holds a while longer when another node has Redis back first', async () => {
    const { stage, one, two } = await linked()
    stage.host.kill()
    await stage.pass(30_000)
    cut(one)
    stage.host.start()
    await stage.pass(3000)
    expect(one.beats.hasProof).toBe(true)
    expect(one.of('cutOff')).toEqual([])
    await stage.pass(4000)
    // Before the other may find it dead.
    expect(one.beats.hasProof).toBe(false)
    expect(two.of('died')).toEqual([])
    expect(one.of('cutOff')).toHaveLength(1)
  })

  it('a node that knows of no other has proof', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(3000)
    stage.host.kill()
    expect(await proofEnds(stage, one, 60_000)).toBeGreaterThanOrEqual(60_000)
    expect(one.told.filter((line) => TOLD.test(line))).toEqual([])
  })

  it('proof holds where the others have said that they end', async () => {
    const { stage, one, two, unlink } = await linked()
    stage.host.kill()
    await stage.pass(20_000)
    unlink()
    two.process.die()
    one.beats.ended(two.id)
    expect(await proofEnds(stage, one, 30_000)).toBeGreaterThanOrEqual(30_000)
    stage.host.start()
    await stage.pass(15_000)
    expect(one.of('died')).toHaveLength(1)
  })

  it('proof holds where another has died shortly before, refuses links and did not answer', async () => {
    const { stage, one, two, unlink } = await linked()
    unlink()
    two.process.die()
    const before = one.of('linkWanted').length
    await stage.pass(4500)
    expect(one.of('linkWanted').length).toBeGreaterThan(before)
    one.beats.dialled(two.id, 'refused')
    await stage.pass(4500)
    expect(one.of('died')).toEqual([])
    stage.host.kill()
    expect(await proofEnds(stage, one, 60_000)).toBeGreaterThanOrEqual(60_000)
    expect(one.of('died')).toEqual([])
  })

  it.each([
    ['it is not known whether it refuses', 'unreachable', 5000],
    ['Redis went away before it was known that it does not beat', 'refused', 2000],
  ] as const)('a node has none where another has died shortly before, and %s', async (_, failure, ms) => {
    const { stage, one, two, unlink } = await linked()
    unlink()
    two.process.die()
    await stage.pass(1000)
    one.beats.dialled(two.id, failure)
    await stage.pass(ms)
    stage.host.kill()
    expect(await proofEnds(stage, one, 20_000)).toBeLessThanOrEqual(10_000)
  })

  it('a node has none where another that it knows cannot tell', async () => {
    const { stage, one, unlink } = await linked()
    stage.host.kill()
    await stage.pass(20_000)
    expect(one.beats.hasProof).toBe(true)
    unlink()
    expect(await proofEnds(stage, one, 20_000)).toBeLessThanOrEqual(9000)
  })
})
