/** A configuration that is read anew at an edge while peers come, or look for their room. */
import { beforeEach, expect, it } from 'vitest'
import { madeUpMount } from '../support/coupled-edge.ts'
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
