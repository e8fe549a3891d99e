/**
 * Between a peer's coming and the author's hearing of it time passes: the past is read from a slow log, a token ends, a
 * lost member is waited for. Whatever happens meanwhile, `join` and `leave` come in pairs.
 */
import { expect, it } from 'vitest'
import { TestWire } from '../../src/testing/test-wire.ts'
import { clientOf, type Mood, openMoodyRoom } from '../support/moody-room.ts'
import { watched } from '../support/watched-room.ts'

const slowly: Mood = (call) => (call === 'read' ? { delayMs: 1000, isBroken: false } : undefined)
const atOnce: Mood = () => undefined

async function open(mood: Mood) {
  const { definition, calls, peers } = watched()
  return { ...(await openMoodyRoom(mood, undefined, definition)), calls, peers }
}

it('one that is ended before its history was read neither joins nor leaves', async () => {
  const { room, clock, calls } = await open(slowly)
  const wire = new TestWire([])
  room.join(clientOf('ann'), wire, undefined).end({ code: 4003, reason: 'banned' })
  await clock.advance(10_000)
  expect(calls).toEqual([])
  expect(wire.closed).toEqual({ code: 4003, reason: 'banned' })
})

it('one whose connection changes while its history is read joins once, when the newest connection has it', async () => {
  const { room, clock, calls } = await open(slowly)
  const [one, two] = [new TestWire([]), new TestWire([])]
  const lost = room.join(clientOf('ann'), one, undefined)
  const [ann] = room.peers()
  await clock.advance(500)
  lost.gone(true)
  const back = room.join(clientOf('ann'), two, undefined)
  expect(room.peers()).toEqual([ann])
  await clock.advance(900)
  expect(calls).toEqual([])
  await clock.advance(100)
  expect(calls).toEqual(['join ann 1', 'drop ann true', 'rejoin ann true'])
  lost.gone(false)
  expect(room.size).toBe(1)
  back.gone(false)
  expect(calls.slice(3)).toEqual(['leave ann 0'])
})

it('one whose token ends while it is waited for leaves once', async () => {
  const { room, clock, calls } = await open(atOnce)
  const wire = new TestWire([])
  const visitor = { ...clientOf('ann'), claims: { sub: 'ann' }, untilMs: clock.now() + 3000 }
  room.join(visitor, wire, undefined).gone(true)
  await clock.advance(3000)
  expect(calls).toEqual(['join ann 1', 'drop ann false', 'leave ann 0'])
  await clock.advance(10_000)
  room.join({ ...visitor, untilMs: clock.now() + 60_000 }, new TestWire([]), undefined)
  expect(room.peers()).toMatchObject([{ isHere: true }])
  expect(calls.slice(2)).toEqual(['leave ann 0', 'join ann 1'])
})

it('one that was waited for and is gone is not counted among those who are away', async () => {
  const { room, clock } = await open(atOnce)
  for (const client of ['ann', 'ben']) room.join(clientOf(client), new TestWire([]), undefined).gone(true)
  expect([room.size, room.connected]).toEqual([2, 0])
  const [ann] = room.peers()
  ann?.close(4003, 'banned')
  await clock.advance(10_000)
  room.join(clientOf('cara'), new TestWire([]), undefined)
  expect([room.size, room.connected]).toEqual([1, 1])
})

it('one that brings a new token stays as long as that is good', async () => {
  const { room, clock, calls, peers } = await open(atOnce)
  const visitor = { ...clientOf('ann'), claims: { sub: 'ann', seat: 1 }, untilMs: clock.now() + 3000 }
  room.join(visitor, new TestWire([]), undefined)
  const wire = new TestWire([])
  room.join({ ...visitor, claims: { sub: 'ann', seat: 2 }, untilMs: clock.now() + 9000 }, wire, undefined)
  await clock.advance(8999)
  expect(calls).toEqual(['join ann 1', 'rejoin ann true'])
  expect(peers[0]?.claims).toEqual({ sub: 'ann', seat: 2 })
  await clock.advance(1)
  expect(wire.closed).toMatchObject({ code: 1008 })
  expect(calls.slice(2)).toEqual(['leave ann 0'])
})

it('a name that the room gave stays, until a token brings another than before', async () => {
  const { room } = await open(atOnce)
  const visitor = { ...clientOf('ann'), claims: { sub: 'ann' } }
  room.join(visitor, new TestWire([]), undefined)
  for (const ann of room.peers()) ann.name = 'Anna'
  room.join(visitor, new TestWire([]), undefined)
  expect(room.members()).toMatchObject([{ name: 'Anna' }])
  room.join({ ...visitor, name: 'Ann Lee' }, new TestWire([]), undefined)
  expect(room.members()).toMatchObject([{ name: 'Ann Lee' }])
})

it('of members that are waited for, no more stay than `limits.peers`: the oldest leaves', async () => {
  const { room, calls } = await open(atOnce)
  for (let index = 0; index <= 100; index += 1) {
    room.join(clientOf(`p${index}`), new TestWire([]), undefined).gone(true)
  }
  expect(room.size).toBe(100)
  expect(calls.at(-1)).toBe('leave p0 0')
})
