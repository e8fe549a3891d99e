/** Nodes that were never seen to beat: they may just have started, or Redis may have lost them. */
import { describe, expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

describe('a node that was never seen', () => {
  it('is dead once it could have beaten again, and beats sent after the question do not show it', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(500)
    expect(one.beats.isDead('nobody')).toBe(false)
    await stage.pass(1400)
    expect(one.beats.isDead('nobody')).toBe(false)
    await stage.pass(1200)
    expect(one.beats.isDead('nobody')).toBe(true)
    expect(one.of('died')).toHaveLength(1)
  })

  it('is not dead if Redis has lost all since it beat', async () => {
    const stage = beatsStage()
    const two = await stage.node()
    await stage.pass(100)
    stage.host.model.lose()
    const one = await stage.node()
    for (let ms = 0; ms < 5000; ms += 100) {
      expect(one.beats.isDead(two.id)).toBe(false)
      await stage.pass(100)
    }
  })

  it('is not dead if it has just started', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(500)
    const two = await stage.node()
    expect(one.beats.isDead(two.id)).toBe(false)
    await stage.pass(1)
    expect(one.beats.isDead(two.id)).toBe(false)
    expect(one.beats.get(two.id)?.address).toBe('10.0.0.2:7000')
  })

  it('is not dead for a beat that was on its way when it was asked for', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    one.client.pacing = () => ({ callMs: 0, answerMs: 300 })
    await stage.pass(1100)
    const two = await stage.node()
    expect(one.beats.isDead(two.id)).toBe(false)
    await stage.pass(1500)
    expect(one.beats.isDead(two.id)).toBe(false)
    expect(one.of('died')).toEqual([])
  })

  it('is not dead while Redis does not answer', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    stage.host.freeze()
    expect(one.beats.isDead('nobody')).toBe(false)
    await stage.pass(30_000)
    expect(one.beats.isDead('nobody')).toBe(false)
  })
})
