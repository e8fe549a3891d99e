/** Who is dead, as other nodes see it: only who has not beaten for 10 s in which Redis answered the observer. */
import { describe, expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

describe('a node that does not beat', () => {
  it('is dead for others 10 s after they last saw it beat, and no later than 11 s after its last beat', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(700)
    const three = await stage.node()
    await stage.pass(4900)
    two.process.die()
    await stage.pass(8900)
    expect(one.beats.isDead(two.id)).toBe(false)
    await stage.pass(2100)
    for (const observer of [one, three]) {
      expect(observer.of('died')).toHaveLength(1)
      const [at, , who] = observer.of('died')[0]?.split(' ') ?? []
      expect(who).toBe(two.id)
      expect(Number(at)).toBeGreaterThanOrEqual(14_600)
      expect(Number(at)).toBeLessThanOrEqual(16_600)
      expect(observer.beats.isDead(two.id)).toBe(true)
      expect(observer.beats.get(two.id)).toBeUndefined()
    }
    expect([...one.beats.all()].map(({ id }) => id).sort()).toEqual([one.id, three.id].sort())
  })

  it('lives again when it beats again', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    two.process.pause()
    await stage.pass(15_000)
    expect(one.beats.isDead(two.id)).toBe(true)
    two.process.goOn()
    await stage.pass(2000)
    expect(one.beats.isDead(two.id)).toBe(false)
    expect(one.beats.get(two.id)?.address).toBe('10.0.0.2:7000')
  })
})

describe('a node that beats', () => {
  it('is not dead while Redis is frozen, nor after it', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node(), await stage.node()]
    await stage.pass(3000)
    for (const ms of [9500, 30_000, 1200]) {
      stage.host.freeze()
      await stage.pass(ms)
      stage.host.thaw()
      await stage.pass(3000)
    }
    expect(nodes.flatMap(({ of }) => of('died'))).toEqual([])
  })

  it('is not dead for one whose own beats are answered late, however long', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    one.client.pacing = () => ({ callMs: 600, answerMs: 600 })
    two.process.pause()
    await stage.pass(60_000)
    expect(one.beats.isDead(two.id)).toBe(false)
    one.client.pacing = () => ({ callMs: 400, answerMs: 400 })
    await stage.pass(10_000)
    expect(one.beats.isDead(two.id)).toBe(false)
    await stage.pass(4000)
    expect(one.beats.isDead(two.id)).toBe(true)
  })

  it('is not dead for one whose own beats were not answered, or that has paused', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    two.process.pause()
    await stage.pass(9000)
    stage.host.model.faults.isReplica = true
    await stage.pass(1500)
    stage.host.model.faults.isReplica = false
    await stage.pass(9000)
    expect(one.beats.isDead(two.id)).toBe(false)
    for (const first of ['timer', 'io'] as const) {
      one.process.pause()
      await stage.pass(20_000)
      one.process.goOn(first)
      await stage.pass(8000)
      expect(one.beats.isDead(two.id)).toBe(false)
    }
    await stage.pass(4000)
    expect(one.beats.isDead(two.id)).toBe(true)
  })

  it('is not dead when the machine of all of them stood still', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node(), await stage.node()]
    await stage.pass(3000)
    for (const { process } of nodes) process.pause()
    await stage.pass(3_600_000)
    // One of them runs a while before the others do.
    nodes[0]?.process.goOn()
    await stage.pass(5000)
    for (const { process } of nodes.slice(1)) process.goOn('io')
    await stage.pass(3000)
    expect(nodes.flatMap(({ of }) => of('died'))).toEqual([])
  })

  it('is not dead when a clock jumps: of a node or of Redis', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node()]
    for (const ms of [86_400_000, -86_400_000, 0]) {
      stage.host.model.faults.clockErrorMs = ms
      await stage.pass(12_000)
    }
    expect(nodes.flatMap(({ of }) => of('died'))).toEqual([])
  })

  it('is not dead when Redis has lost all, or some of its writes', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node()]
    await stage.pass(5300)
    const { position } = stage.host.model
    stage.host.model.lose()
    await stage.pass(15_000)
    stage.host.restart(position)
    await stage.pass(15_000)
    expect(nodes.flatMap(({ of }) => of('died'))).toEqual([])
    for (const { of } of nodes) expect(of('verifyAll')).toHaveLength(2)
  })
})

describe('a beat that arrives late, on a connection that has died', () => {
  it('does not put the counter back', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(1500)
    two.client.pacing = () => ({ callMs: 'held', answerMs: 0 })
    await stage.pass(1000)
    two.client.pacing = () => ({ callMs: 0, answerMs: 0 })
    two.client.cut()
    await stage.pass(3000)
    const counter = () => String(stage.host.model.command('HGET', ['corridor:{nodes}', two.id])).split(' ')[0]
    const before = counter()
    two.client.ghosts[0]?.arrive()
    expect(counter()).toBe(before)
    await stage.pass(2000)
    expect([...two.of('verifyAll'), ...one.of('died')]).toEqual([])
  })
})

describe('in Redis', () => {
  it('nothing expires: a node is removed by another, a minute after it was found dead', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(1500)
    const kept = () => stage.host.model.command('HGET', ['corridor:{nodes}', two.id])
    const expiries = () => [...stage.host.model.keys.keys()].filter((key) => stage.host.model.keys.expiry(key))
    two.process.die()
    await stage.pass(69_000)
    expect(kept()).not.toBeNull()
    expect(expiries()).toEqual([])
    await one.beats.leaveNote(two.id, '/a')
    await stage.pass(4000)
    expect(kept()).toBeNull()
    await one.beats.leaveNote(two.id, '/b')
    expect([...stage.host.model.keys.keys()]).toEqual(['corridor:{nodes}', 'corridor:{nodes}c'])
    expect(one.beats.isDead(two.id)).toBe(true)
  })

  it('is not removed if it beats at that very moment, and makes sure of all its rooms if it was', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    two.process.pause()
    await stage.pass(69_500)
    // The call that removes it arrives after its beat.
    one.client.pacing = (name) => ({ callMs: name === 'remove-node' ? 3000 : 0, answerMs: 0 })
    await stage.pass(2000)
    two.process.goOn()
    await stage.pass(500)
    one.client.pacing = () => ({ callMs: 0, answerMs: 0 })
    await stage.pass(5000)
    expect(two.of('verifyAll')).toEqual([])
    two.process.pause()
    await stage.pass(80_000)
    two.process.goOn()
    await stage.pass(1000)
    expect(two.of('verifyAll')).toHaveLength(1)
    expect(one.beats.isDead(two.id)).toBe(false)
  })

  it('a node that ends is gone at once, and nobody waits for it', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(5000)
    await two.beats.end()
    await stage.pass(100)
    expect(one.of('died')).toHaveLength(1)
    expect(stage.host.model.command('HKEYS', ['corridor:{nodes}'])).toEqual([one.id])
    await stage.pass(20_000)
    expect(one.of('died')).toHaveLength(1)
  })
})
