/** Whether a node may speak for its rooms: not beyond what others may think of it. */
import { describe, expect, it } from 'vitest'
import { beatsStage, tellEachOther } from './beats-stage.ts'
import { cut, linked, mend, proofEnds } from './proof-stage.ts'

describe('a node that alone is cut off from Redis', () => {
  it('has no proof from 10 s after its last beat, before any other finds it dead, and gives its rooms up', async () => {
    const { stage, one, two } = await linked()
    cut(one)
    const endMs = await proofEnds(stage, one, 20_000)
    expect(endMs).toBeLessThanOrEqual(10_000)
    expect(two.of('died')).toEqual([])
    await stage.pass(1100)
    expect(one.of('cutOff')).toHaveLength(1)
    await stage.pass(30_000)
    expect(one.of('cutOff')).toHaveLength(1)
    expect(two.of('cutOff')).toEqual([])
    expect(two.of('died')).toHaveLength(1)
    mend(one)
    await stage.pass(2000)
    expect(one.beats.hasProof).toBe(true)
    cut(one)
    await stage.pass(12_000)
    expect(one.of('cutOff')).toHaveLength(2)
  })

  it('has no proof either where it is not linked, and asks for links', async () => {
    const { stage, one, two, unlink } = await linked()
    unlink()
    cut(one)
    expect(await proofEnds(stage, one, 20_000)).toBeLessThanOrEqual(10_000)
    await stage.pass(1100)
    expect(one.of('linkWanted').length).toBeGreaterThan(5)
    expect(new Set(one.of('linkWanted').map((line) => line.split(' ')[2]))).toEqual(new Set([two.id]))
    expect(one.of('cutOff')).toEqual([])
    expect(one.beats.hasProof).toBe(false)
  })

  it('learns it from a node that it did not know', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(3000)
    cut(one)
    await stage.pass(20_000)
    expect(one.beats.hasProof).toBe(true)
    const two = await stage.node()
    tellEachOther([one, two], stage.clock)
    await stage.pass(7000)
    expect(one.beats.hasProof).toBe(false)
    expect(one.of('cutOff')).toHaveLength(1)
  })

  it('has none while its beats reach Redis and no answer comes', async () => {
    const { stage, one } = await linked()
    one.client.pacing = () => ({ callMs: 0, answerMs: 'held' })
    expect(await proofEnds(stage, one, 20_000)).toBeLessThanOrEqual(10_000)
  })
})

describe('a node that was frozen', () => {
  it.each(['timer', 'io'] as const)(
    'has no proof when a message is taken first (%s), and has it soon',
    async (first) => {
      const { stage, one, two } = await linked()
      one.process.pause()
      await stage.pass(8500)
      expect(one.beats.hasProof).toBe(true)
      await stage.pass(2000)
      expect(one.beats.hasProof).toBe(false)
      await stage.pass(10_000)
      one.process.goOn(first)
      expect(one.beats.hasProof).toBe(false)
      await stage.pass(1000)
      expect(one.beats.hasProof).toBe(true)
      expect(one.of('cutOff')).toEqual([])
      expect(two.of('died')).toHaveLength(1)
    },
  )

  it('has none by the answer to a beat that was sent before', async () => {
    const { stage, one } = await linked()
    one.client.pacing = () => ({ callMs: 0, answerMs: 300 })
    await stage.pass(600)
    one.process.pause()
    await stage.pass(20_000)
    one.process.goOn('io')
    await stage.clock.settled()
    expect(one.beats.hasProof).toBe(false)
  })

  it('does not take what others said before for what is so now', async () => {
    for (const first of ['timer', 'io'] as const) {
      const { stage, one, two } = await linked()
      stage.host.kill()
      await stage.pass(20_000)
      expect(one.beats.hasProof).toBe(true)
      // The other tells for a while yet that Redis is away, and then has it back.
      one.process.pause()
      await stage.pass(5500)
      stage.host.start()
      cut(one)
      two.process.pause()
      await stage.pass(20_000)
      one.process.goOn(first)
      expect(one.beats.hasProof).toBe(false)
      await stage.pass(500)
      expect(one.beats.hasProof).toBe(false)
    }
  })

  it('has none, though it knows of no other: some may have started meanwhile', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(3000)
    one.process.pause()
    await stage.pass(30_000)
    stage.host.kill()
    one.process.goOn('io')
    expect(one.beats.hasProof).toBe(false)
  })
})

it('a node that never reached Redis has none', async () => {
  const stage = beatsStage()
  stage.host.kill()
  const one = await stage.node()
  expect(one.beats.hasProof).toBe(false)
  await stage.pass(20_000)
  expect(one.beats.hasProof).toBe(false)
  stage.host.start()
  await stage.pass(1100)
  expect(one.beats.hasProof).toBe(true)
})
