/** What nodes say to each other through Redis: notes, questions whether one lives, where a room has moved. */
import { describe, expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

const ms = (line: string | undefined) => Number(line?.split(' ')[0])

describe('a note', () => {
  it('is heard at once, and acted upon with each beat for 15 s', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node()]
    await stage.pass(3300)
    await one.beats.leaveNote(two.id, '/räume/1')
    await stage.pass(1)
    expect(two.of('verify')).toEqual([`3300 verify /räume/1`])
    await stage.pass(30_000)
    const verified = two.of('verify')
    expect(verified.length).toBeGreaterThanOrEqual(14)
    expect(ms(verified.at(-1))).toBeGreaterThan(3300 + 14_000)
    expect(ms(verified.at(-1))).toBeLessThan(3300 + 17_000)
    expect(one.of('verify')).toEqual([])
  })

  it('comes with the next beat where nothing can be heard', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(3300)
    await one.beats.leaveNote(two.id, '/a')
    await stage.pass(1000)
    expect(two.of('verify')).toHaveLength(1)
  })

  it('is read by a node that was frozen, before anything else of Redis is', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(1500)
    two.process.pause()
    await stage.pass(30_000)
    await one.beats.leaveNote(two.id, '/a')
    await stage.pass(5000)
    two.process.goOn()
    expect(two.beats.hasProof).toBe(false)
    await stage.pass(1000)
    expect(ms(two.of('verify')[0])).toBeLessThanOrEqual(37_500)
    expect(two.beats.hasProof).toBe(true)
  })

  it('is kept until a beat says that it was read, whatever becomes of answers', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(2500)
    await one.beats.leaveNote(two.id, '/a')
    const kept = () => stage.host.model.command('ZRANGE', [`corridor:{nodes}n${two.id}`, '0', '-1'])
    // It is read, and the answer is lost.
    two.client.pacing = () => ({ callMs: 0, answerMs: 'held' })
    await stage.pass(600)
    two.client.pacing = () => ({ callMs: 0, answerMs: 0 })
    two.client.cut()
    expect(two.of('verify')).toEqual([])
    expect(kept()).toEqual(['/a'])
    await stage.pass(1000)
    expect(two.of('verify')).toHaveLength(1)
    await stage.pass(1000)
    expect(kept()).toEqual([])
  })

  it('is not removed by the word that an earlier one for the same room was read, however late that comes', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(2500)
    await one.beats.leaveNote(two.id, '/a')
    await stage.pass(600)
    expect(two.of('verify')).toHaveLength(1)
    // The beat that confirms it is held up, on a connection that dies.
    two.client.pacing = () => ({ callMs: 'held', answerMs: 0 })
    await stage.pass(1000)
    two.client.cut()
    two.client.pacing = () => ({ callMs: 0, answerMs: 0 })
    await one.beats.leaveNote(two.id, '/a')
    two.client.ghosts[0]?.arrive()
    expect(stage.host.model.command('ZRANGE', [`corridor:{nodes}n${two.id}`, '0', '-1'])).toEqual(['/a'])
  })

  it('may be one of thousands', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(2500)
    for (let room = 0; room < 2500; room += 1) await one.beats.leaveNote(two.id, `/r/${room}`)
    await stage.pass(600)
    expect(new Set(two.of('verify').map((line) => line.split(' ')[2])).size).toBe(2500)
    await stage.pass(1000)
    expect(stage.host.model.command('ZCARD', [`corridor:{nodes}n${two.id}`])).toBe(0)
  })

  it('may be lost with a state of Redis: then all rooms are made sure of', async () => {
    const stage = beatsStage()
    const [one, two] = [await stage.node(), await stage.node({ hears: false })]
    await stage.pass(2500)
    expect(two.of('verifyAll')).toEqual([])
    const { position } = stage.host.model
    await one.beats.leaveNote(two.id, '/a')
    stage.host.restart(position)
    await stage.pass(1000)
    expect(two.of('verifyAll')).toHaveLength(1)
    await stage.pass(3000)
    // An older state without another process, as of a restored copy.
    stage.host.model.goTo(position)
    await stage.pass(1000)
    expect(two.of('verifyAll')).toHaveLength(2)
  })
})

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

describe('a room that has moved', () => {
  it('is told to all others, of owners that are known', async () => {
    const stage = beatsStage()
    const nodes = [await stage.node(), await stage.node(), await stage.node()]
    const [one, two, three] = nodes
    await stage.pass(3300)
    one?.beats.announce('/a b', two?.id ?? '', 7)
    one?.beats.announce('/c', 'of-another-corridor', 7)
    await stage.pass(1)
    expect(one?.of('moved')).toEqual([`3300 moved /a b ${two?.id} 7`])
    expect(two?.of('moved')).toEqual([])
    expect(three?.of('moved')).toEqual([`3300 moved /a b ${two?.id} 7`])
  })
})
