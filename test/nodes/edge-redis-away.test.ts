/** Peers of a room whose link is lost while Redis does not say where the room is: the node that had it may. */
import { beforeEach, expect, it } from 'vitest'
import { RoomError } from '../../src/errors.ts'
import { EDGE } from '../support/coupled-edge.ts'
import { type ScriptedEdge, scriptedEdge } from '../support/scripted-edge.ts'
import type { ScriptedOwner } from '../support/scripted-owner.ts'

let fixture: ScriptedEdge
let one: ScriptedOwner
let two: ScriptedOwner

beforeEach(async () => {
  fixture = scriptedEdge()
  ;({ one, two } = fixture)
  await fixture.join('ann')
  fixture.edge.move(() => {
    throw new RoomError('unavailable', 'Redis is away')
  })
})

it('are brought to where it was', async () => {
  one.link.cut()
  await fixture.clock.advance(200)
  expect(one.brought.map(({ visitor }) => visitor.name)).toEqual(['ann', 'ann'])
})

it('are brought to where that node says that it is, but not back to their own', async () => {
  one.isOpen = false
  one.link.cut()
  await fixture.clock.advance(200)
  one.tell({ op: 'over', to: EDGE })
  await fixture.clock.advance(5000)
  expect(fixture.edge.errors).toEqual([])
  one.tell({ op: 'over', to: 'two' })
  await fixture.clock.advance(200)
  expect(two.brought).toHaveLength(1)
})

it('come in over an edge that knows where the room is', async () => {
  fixture.edge.know({ at: 'there', node: 'two', term: 1 })
  one.isOpen = false
  one.link.cut()
  await fixture.clock.advance(200)
  await fixture.join('ben')
  expect(two.brought.map(({ visitor }) => visitor.name)).toEqual(['ann', 'ben'])
})
