/** A configuration that is read anew at an edge while peers come, or look for their room. */
import { beforeEach, describe, expect, it } from 'vitest'
import { ack } from '../../src/room/protocol.ts'
import { madeUpMount } from '../support/coupled-edge.ts'
import type { HearingPeer } from '../support/edge-cluster.ts'
import { type ScriptedEdge, scriptedEdge } from '../support/scripted-edge.ts'
import type { ScriptedOwner } from '../support/scripted-owner.ts'

let fixture: ScriptedEdge
let one: ScriptedOwner

beforeEach(() => {
  fixture = scriptedEdge()
  ;({ one } = fixture)
})

const CHANGED = madeUpMount({ sends: {} })
const COMING = { client: 'ann', offset: undefined, isStream: false }

it('ends those who look for their room, and those who were let in before and join now', async () => {
  const { clock, edge } = fixture
  const ann = await fixture.join('ann')
  const late = await edge.nodeRooms.reserveJoin(edge.route('/room'), COMING)
  one.isOpen = false
  one.link.cut()
  await clock.advance(100)
  edge.reload(CHANGED)
  await clock.advance(100)
  expect(ann.closed?.code).toBe(1012)
  expect(late.room.isClosed).toBe(true)
  const brought = one.brought.length
  late.room.join({ id: 'ben', name: 'ben' }, ann, undefined)
  await clock.advance(100)
  expect(one.brought).toHaveLength(brought)
})

describe('a peer whose room lives elsewhere', () => {
  const codesOf = (peer: HearingPeer, id: string) => peer.answersTo(id).map(({ data }) => JSON.parse(String(data)).code)

  it('has the answers to what it has said before it ends, and what it says meanwhile is refused', async () => {
    const { clock, edge } = fixture
    const [ann, ben] = [await fixture.join('ann'), await fixture.join('ben')]
    const sessions = one.brought.map(({ session }) => session)
    ann.say('1', 'before')
    const [said] = one.of('receive')
    edge.reload(CHANGED)
    await clock.advance(2000)
    expect(one.of('end').map(({ session }) => session)).toEqual(sessions.slice(1))
    ann.say('2', 'meanwhile')
    expect(codesOf(ann, '2')).toEqual(['unavailable'])
    expect(one.of('receive')).toEqual([said])
    expect([ann.closed?.code, ben.closed?.code]).toEqual([undefined, 1012])
    one.say(said?.session ?? 0, ack('1', 'fsync', 9, false, said?.ref))
    await clock.advance(100)
    expect(ann.answersTo('1').map(({ type }) => type)).toEqual(['ack'])
    expect(one.of('end').map(({ session }) => session)).toEqual([...sessions].reverse())
  })

  it('is not waited for without end', async () => {
    const { clock, edge } = fixture
    const ann = await fixture.join('ann')
    ann.say('1', 'before')
    edge.reload(CHANGED)
    await clock.advance(6500)
    expect([codesOf(ann, '1'), ann.closed?.code]).toEqual([['unavailable'], 1012])
  })
})

it('lets nobody in whom the line of before has admitted', async () => {
  const { edge } = fixture
  const before = edge.route('/room')
  edge.reload(CHANGED)
  expect(() => edge.nodeRooms.reserveJoin(before, COMING)).toThrow('just closed')
})

it('leaves a room alone whose line is the same', async () => {
  const { clock, edge } = fixture
  const ann = await fixture.join('ann')
  edge.reload(edge.route('/room').mount)
  await clock.advance(2000)
  expect([ann.closed, one.of('end')]).toEqual([undefined, []])
})
