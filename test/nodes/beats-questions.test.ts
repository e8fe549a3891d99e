/** A node that is asked through Redis whether it lives: no answer is a reason to take its rooms, if it could have heard. */
import { describe, expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

describe('a node that is asked whether it lives', () => {
  it('answers', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3300)
    const answer = one.beats.answers(two.id)
    await stage.pass(50)
    await expect(answer).resolves.toBe(true)
  })

  it('does not when it has died: 300 ms later its rooms may be taken', async () => {
    const stage = beatsStage()
    const [one, two, three] = [await stage.node(), await stage.node(), await stage.node()]
    await stage.pass(3300)
    two.process.die()
    const answers = [one, three].map(({ beats }) => beats.answers(two.id))
    const again = one.beats.answers(two.id)
    await stage.pass(310)
    await expect(Promise.all(answers)).resolves.toEqual([false, false])
    await expect(again).resolves.toBe(false)
    expect(one.beats.isDead(two.id)).toBe(false)
  })

  it('does not either when it has died in its first second, though the connection on which it hears came late', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(3300)
    const two = await stage.node({ hears: 400 })
    await stage.pass(600)
    two.process.die()
    const answer = one.beats.answers(two.id)
    await stage.pass(310)
    await expect(answer).resolves.toBe(false)
  })

  it('is not taken for dead by one that begins to hear only after the answer has come', async () => {
    const stage = beatsStage()
    const two = await stage.node()
    const one = await stage.node({ hears: 3300 })
    await stage.pass(3290)
    const answer = one.beats.answers(two.id)
    await stage.pass(400)
    await expect(answer).resolves.toBe(true)
  })

  it('is not taken for dead where Redis does not answer, or answers late', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3300)
    two.process.die()
    stage.host.freeze()
    const frozen = one.beats.answers(two.id)
    await stage.pass(5000)
    stage.host.thaw()
    await expect(frozen).resolves.toBe(true)
    await stage.pass(3000)
    const between = one.beats.answers(two.id)
    await stage.pass(100)
    stage.host.kill()
    await stage.pass(300)
    await expect(between).resolves.toBe(true)
    await expect(one.beats.answers(two.id)).resolves.toBe(true)
  })

  it('is not taken for dead where one of both does not hear', async () => {
    const stage = beatsStage()
    const [one, two, deaf] = [await stage.node(), await stage.node(), await stage.node({ hears: false })]
    await stage.pass(3300)
    const asks = deaf.beats.answers(two.id)
    await stage.pass(400)
    await expect(asks).resolves.toBe(true)
    deaf.process.pause()
    const asked = one.beats.answers(deaf.id)
    await stage.pass(400)
    await expect(asked).resolves.toBe(true)
  })

  it.each([
    ['timer', 600],
    ['timer', 5000],
    ['io', 600],
    ['io', 5000],
  ] as const)('is not taken for dead by one that itself stood still (%s first, %d ms)', async (first, ms) => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3300)
    two.client.pacing = () => ({ callMs: 50, answerMs: 50 })
    const answer = one.beats.answers(two.id)
    await stage.pass(10)
    one.process.pause()
    await stage.pass(ms)
    one.process.goOn(first)
    await stage.pass(1000)
    await expect(answer).resolves.toBe(true)
  })

  it('is not taken for dead if it beats meanwhile, or the one that asks hears nothing', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3800)
    const beats = one.beats.answers(two.id)
    stage.host.model.channels.clear()
    await stage.pass(400)
    await expect(beats).resolves.toBe(true)
    await stage.pass(2200)
    two.process.die()
    const hears = one.beats.answers(two.id)
    await stage.pass(400)
    await expect(hears).resolves.toBe(true)
  })

  it('hears again after its connection for that has died, or is silent', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3300)
    two.client.cut()
    stage.host.restart()
    await stage.pass(4000)
    const answer = one.beats.answers(two.id)
    await stage.pass(50)
    await expect(answer).resolves.toBe(true)
    expect(one.beats.get(two.id)?.hears).toBe(true)
    stage.host.model.channels.clear()
    await stage.pass(4000)
    expect(one.beats.get(two.id)?.hears).toBe(false)
    await stage.pass(4000)
    expect(one.beats.get(two.id)?.hears).toBe(true)
  })

  it('was never there: no, once it could have beaten again', async () => {
    const stage = beatsStage()
    const one = await stage.node()
    await stage.pass(3300)
    const early = one.beats.answers('nobody')
    await stage.pass(400)
    await expect(early).resolves.toBe(true)
    await stage.pass(2600)
    await expect(one.beats.answers('nobody')).resolves.toBe(false)
  })
})
