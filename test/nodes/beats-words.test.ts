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
