/**
 * Redis loses writes around a takeover, back to each state that it ever had: the rightful owner takes the room back where
 * nothing else is lost, and otherwise one of both goes on, and the other is told.
 */
import { describe, expect, it } from 'vitest'
import type { RoomError } from '../../src/errors.ts'
import { draft } from '../support/log-under-test.ts'
import { DURABLE, ModelNodes, type OpenedRoom, type OwningNode, PASSING } from '../support/owned-logs.ts'
import { CompiledScripts } from '../support/redis-model/script.ts'

const compiled = new CompiledScripts()

const say = (room: OpenedRoom, word: string) =>
  room.append([draft(word)], [{ client: 'ann', id: word, hash: 'h', draft: 0 }])

/** Who hears first that writes are lost, and whether by what it says next, or by its beat. */
const ORDERS = [
  ['b', 'says'],
  ['b', 'hears'],
  ['a', 'says'],
  ['a', 'hears'],
] as const

/** A has the room; B takes it while A is frozen; Redis goes back to what it was after so many writes. */
async function play([first, how]: (typeof ORDERS)[number], back: number) {
  const nodes = new ModelNodes(compiled)
  const [a, b] = [await nodes.node('a'), await nodes.node('b')]
  const { model } = nodes.host
  const start = model.position
  const ofA = await a.open()
  for (const word of ['a1', 'a2']) await say(ofA, word)
  b.bury('a')
  const begins = model.position - start
  const ofB = await b.open()
  for (const word of ['b1', 'b2']) await say(ofB, word)
  const ends = model.position - start
  await nodes.restart(start + Math.min(back, ends))
  const kept = ['a1', 'a2', 'b1', 'b2']
  const goOn = async (node: OwningNode, room: OpenedRoom) => {
    if (how === 'hears') await node.log.verifyAll()
    const word = `${node.id}3`
    await say(room, word).then(
      () => void kept.push(word),
      (error: RoomError) => expect(error.code).toBe('unavailable'),
    )
    await node.log.verifyAll()
  }
  const both = [() => goOn(a, ofA), () => goOn(b, ofB)]
  for (const each of first === 'a' ? both : both.reverse()) await nodes.pass(each())
  for (const room of [ofA, ofB]) await nodes.pass(room.close())
  const after = await nodes.node('c')
  for (const id of ['a', 'b']) after.bury(id)
  const room = await after.open()
  const texts = (await room.read(0, 100)).map(({ data }) => JSON.parse(String(data)).text as string)
  const lost = { a: ofA.lost.length > 0, b: ofB.lost.length > 0 }
  return { begins, ends, texts, lost, kept }
}

describe('a room whose takeover Redis has lost', () => {
  it.each(ORDERS)('goes on with one of both, and the other is told (%s %s it first)', async (...order) => {
    const { begins, ends } = await play(order, 0)
    expect(ends - begins).toBeGreaterThan(2)
    for (let back = 0; back <= ends; back += 1) {
      const { texts, lost, kept } = await play(order, back)
      const where = `back to ${back} of ${begins} to ${ends}: ${texts}`
      expect(new Set(texts).size, where).toBe(texts.length)
      // What is missing was told by who had said it.
      for (const word of kept)
        if (!texts.includes(word)) expect(lost[word.startsWith('a') ? 'a' : 'b'], `${word}, ${where}`).toBe(true)
      expect(lost.a && lost.b, where).toBe(false)
      expect(lost.a || lost.b, where).toBe(true)
      if (order[0] === 'b' && back >= begins)
        expect([lost.b, texts], where).toEqual([false, ['a1', 'a2', 'b1', 'b2', 'b3']])
    }
  })
})

describe('a room in which nothing was said', () => {
  it.each([
    ['with durable history', DURABLE],
    ['without', PASSING],
  ])('%s is owned again after Redis was emptied, unless another has it by then', async (_, retention) => {
    const nodes = new ModelNodes(compiled)
    const [a, b] = [await nodes.node('a'), await nodes.node('b')]
    const [kept, gone] = [await a.open('/kept', retention), await a.open('/gone', retention)]
    nodes.host.model.lose()
    const taken = await b.open('/gone', retention)
    await a.log.verifyAll()
    expect([kept.lost, gone.lost, taken.lost].map(({ length }) => length)).toEqual([0, 1, 0])
    await expect(b.open('/kept', retention)).rejects.toMatchObject({ claim: { owner: 'a' } })
    await say(taken, 'b1')
    expect(await b.log.verify('/gone')).toBe(true)
    for (const room of [kept, gone]) await room.close()
    expect(await b.log.verify('/gone')).toBe(true)
    const back = await b.open('/kept', retention)
    expect(await say(back, 'b1')).toBe(1)
  })
})
