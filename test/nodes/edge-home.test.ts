/** An edge at an owner: how it gets in, what it passes on, what it says of its peers' connections, and when it goes. */
import { beforeEach, expect, it } from 'vitest'
import { Frame, json } from '../../src/delivery/frame.ts'
import { Refusal } from '../../src/errors.ts'
import { offset } from '../../src/log/log.ts'
import { linkRefusal } from '../../src/nodes/link-failure.ts'
import { madeUpMount } from '../support/coupled-edge.ts'
import { HearingPeer } from '../support/edge-cluster.ts'
import { type ScriptedEdge, scriptedEdge } from '../support/scripted-edge.ts'
import { event, type ScriptedOwner } from '../support/scripted-owner.ts'

let fixture: ScriptedEdge
let one: ScriptedOwner
let two: ScriptedOwner

beforeEach(() => {
  fixture = scriptedEdge({ sends: {} }, { limits: { buffered: '256KiB' } })
  ;({ one, two } = fixture)
})

const COMING = { client: 'ann', offset: undefined, isStream: false }
const refusalOf = (asking: unknown) => Promise.resolve(asking).catch(({ status, code }) => `${status} ${code}`)
const reserve = () => {
  const { edge } = fixture
  return refusalOf(edge.nodeRooms.reserveJoin(edge.route('/room'), COMING))
}

/** A peer that hears what goes to all. */
async function enter(name: string) {
  const peer = await fixture.join(name)
  const { session = 0 } = one.brought.at(-1) ?? {}
  one.say(session, one.welcome(one.seq))
  one.enter(session)
  await fixture.clock.advance(50)
  return { peer, session }
}

it('says why its owner refuses, and asks anew for the next', async () => {
  one.isOpen = false
  const first = reserve()
  await fixture.clock.advance(10)
  one.tell({ op: 'refused', refusal: linkRefusal(new Refusal(503, 'room_failed', 'it does not open')) })
  await fixture.clock.advance(10)
  expect(await first).toBe('503 room_failed')
  one.isOpen = true
  one.onReserve = () => {
    throw new Refusal(503, 'room_full', 'it is full')
  }
  const second = reserve()
  await fixture.clock.advance(100)
  expect(await second).toBe('503 room_full')
})

it('refuses who waits for 5 s, and one for whom nobody can say where the room is', async () => {
  one.isOpen = false
  const waiting = reserve()
  await fixture.clock.advance(5000)
  expect(await waiting).toBe('503 unavailable')
})

it('goes at once to where its owner says that the room is', async () => {
  one.isOpen = false
  const coming = reserve()
  await fixture.clock.advance(10)
  one.tell({ op: 'over', to: 'two' })
  await fixture.clock.advance(10)
  expect(await coming).toMatchObject({ resumes: true })
  expect(two.of('attach')).toHaveLength(1)
  expect(fixture.edge.doubts).toEqual([])
})

it('follows the room to where its owner has handed it, whatever else is said of it', async () => {
  const { session } = await enter('ann')
  one.tell({ op: 'over', to: 'two' })
  await fixture.clock.advance(10)
  expect(two.brought).toMatchObject([{ session, isMoved: true }])
  expect(one.of('attach')).toHaveLength(1)
})

it('doubts what it knew of an owner that has gone without a word', async () => {
  const { peer } = await enter('ann')
  one.isOpen = false
  one.tell({ op: 'over', to: undefined })
  expect(fixture.edge.doubts).toEqual(['one over'])
  expect(peer.closed).toBe(undefined)
})

it('gives a place back that it was given for nothing', async () => {
  const place = reserve()
  await fixture.clock.advance(10)
  const kept = (await place) as { release(): void }
  kept.release()
  kept.release()
  expect(one.of('release')).toHaveLength(1)
  await fixture.clock.advance(4999)
  expect(one.of('detach')).toEqual([])
  await fixture.clock.advance(1)
  expect(one.of('detach')).toEqual([{ op: 'detach', place: one.place }])
  expect(fixture.edge.doubts).toEqual([])
})

it('counts its peers as those of a room elsewhere', async () => {
  await enter('ann')
  await enter('ben')
  expect([...fixture.edge.nodeRooms.countElsewhere()]).toEqual([['/room', 2]])
})

it.each([
  [
    'a newcomer that did not wait',
    async () => {
      one.isOpen = false
      void reserve()
    },
  ],
  [
    'peers whose connections have closed',
    async () => {
      const { clock, edge } = fixture
      const coming = edge.nodeRooms.reserveJoin(edge.route('/room'), COMING)
      await clock.advance(50)
      const { room, release } = await coming
      const session = room.join({ id: 'ann', name: 'ann' }, new HearingPeer('ann'), undefined)
      release()
      one.isOpen = false
      one.link.cut()
      await clock.advance(200)
      session.gone(false)
    },
  ],
])('gives a place back into which it is let too late: for %s', async (_, come) => {
  await come()
  await fixture.clock.advance(5000)
  one.attached()
  await fixture.clock.advance(50)
  await fixture.clock.advance(5000)
  expect(one.of('detach')).toEqual([{ op: 'detach', place: one.place }])
})

it('writes in the order of the owner what goes to all, to some, and to one', async () => {
  const [ann, ben] = [await enter('ann'), await enter('ben')]
  one.all(event(9))
  one.say(ann.session, new Frame('told', json('ann alone')))
  one.tell({ op: 'items', items: [{ to: 'all', frame: event(10), except: ben.session }] })
  one.tell({ op: 'close', session: ann.session, reason: { code: 4000, reason: 'out' } })
  await fixture.clock.advance(50)
  const heard = ({ peer }: typeof ann) => peer.heard.slice(1).map(({ type, seq }) => `${type} ${seq}`)
  expect([heard(ann), heard(ben)]).toEqual([['said 9', 'told 0', 'said 10'], ['said 9']])
  expect([ann.peer.closed?.code, ben.peer.closed]).toEqual([4000, undefined])
  ann.peer.session.gone(false)
  expect(one.of('gone')).toEqual([])
})

it('asks its peers to rest where the owner does, and where too much waits for the owner', async () => {
  const { peer, session } = await enter('ann')
  one.tell({ op: 'rest', session, ms: 7 })
  one.link.waitingBytes = 2 * 1024 * 1024
  peer.say(undefined, 'x')
  expect(peer.rests).toEqual([7, 100])
})

it('cuts a peer whose connection does not keep up, and tells the owner that it is lost', async () => {
  const { peer, session } = await enter('ann')
  peer.waiting = 200 * 1024
  one.all(new Frame('said', json('x'.repeat(100_000)), 9, 1))
  await fixture.clock.advance(50)
  expect(peer.closed?.code).toBe(1013)
  expect(one.of('gone')).toEqual([{ op: 'gone', place: one.place, session, isLost: true }])
})

it('reports what the connections of its peers have taken of what was for them alone', async () => {
  const { session } = await enter('ann')
  await fixture.clock.advance(100)
  const length = () => one.of('written').reduce((sum, { bytes }) => sum + bytes, 0)
  expect(length()).toBe(one.welcome(8).length)
  const large = new Frame('told', json('x'.repeat(70_000)))
  one.say(session, large)
  expect(length()).toBe(one.welcome(8).length + large.length)
})

it('waits with that for a connection that does not take it', async () => {
  const { peer, session } = await enter('ann')
  await fixture.clock.advance(100)
  const taken = Promise.withResolvers<void>()
  peer.taken = taken.promise
  one.say(session, new Frame('told', json('later')))
  await fixture.clock.advance(100)
  const before = one.of('written').length
  peer.taken = undefined
  taken.resolve()
  await fixture.clock.advance(100)
  expect(one.of('written')).toHaveLength(before + 1)
})

it('ends a connection itself if the owner does not', async () => {
  const { peer, session } = await enter('ann')
  peer.session.end({ code: 1009, reason: 'too large' })
  peer.session.receive('{"type":"say","id":"1"}')
  expect([peer.closed, one.of('receive')]).toEqual([undefined, []])
  expect(one.of('end')).toMatchObject([{ session, reason: { code: 1009 } }])
  await fixture.clock.advance(1000)
  expect(peer.closed?.code).toBe(1009)
})

it('goes on in the epoch that a reset has named', async () => {
  const { session } = await enter('ann')
  const epoch = '9'.repeat(32)
  one.all(new Frame('reset', json({ epoch, first: 9, seq: 8, reason: 'cleared' })))
  one.all(event(9))
  await fixture.clock.advance(50)
  await fixture.move()
  expect(two.brought).toMatchObject([{ session, offset: offset(epoch, 9) }])
})

it('drops what an earlier place is told', async () => {
  const { peer } = await enter('ann')
  const { place } = one
  await fixture.move('one')
  expect(one.place).not.toBe(place)
  one.link.send({ op: 'items', place, items: [{ to: 'all', frame: event(99), except: undefined }] })
  await fixture.clock.advance(50)
  expect(peer.heard.filter(({ seq }) => seq === 99)).toEqual([])
})

it.each([
  ['has changed', madeUpMount({ sends: {} }, { title: 'Another' }), 1012],
  ['is gone', undefined, 1001],
])('ends its peers if the line of the room %s', async (_, line, code) => {
  const { peer, session } = await enter('ann')
  fixture.edge.reload(line)
  await fixture.clock.advance(1000)
  expect(peer.closed?.code).toBe(code)
  expect(one.of('end')).toMatchObject([{ session }])
})
