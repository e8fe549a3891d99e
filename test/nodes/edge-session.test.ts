/** Sessions of peers of an edge: the same contract, whether their room is open on this node or lives on another. */

import { coupledEdge, madeUpMount } from '../support/coupled-edge.ts'
import { openedGuests } from '../support/opened-guests.ts'
import { testSession } from '../support/session-contract.ts'
import { eventStage, rawStage, type Way } from '../support/session-stage.ts'

/** A room that is open on this node. */
const here: Way = async (room, clock) => {
  const place = { room, release() {} }
  const mount = madeUpMount(room.kind === 'event' ? { sends: {} } : {})
  const edge = coupledEdge(clock, mount, { get: () => room, reserve: () => place, reserveJoin: () => place })
  const joinable = edge.room()
  await clock.advance(0)
  const found = await joinable
  return (visitor, wire, offset) => found.join(visitor, wire, offset)
}

/** A room that lives on another node. */
const elsewhere: Way = async (room, clock) => {
  const { guests } = openedGuests(clock, room)
  const edge = coupledEdge(clock, madeUpMount(room.kind === 'event' ? { sends: {} } : {}))
  edge.owners.set('owner', (link) => guests.accept(link))
  edge.move({ at: 'there', node: 'owner', term: 1 })
  const joinable = edge.room()
  await clock.advance(0)
  const found = await joinable
  return (visitor, wire, offset) => found.join(visitor, wire, offset)
}

testSession('an event room here, over an edge', () => eventStage(here))
testSession('a raw room here, over an edge', () => rawStage(here))
testSession('an event room elsewhere, over an edge', () => eventStage(elsewhere), { isElsewhere: true })
testSession('a raw room elsewhere, over an edge', () => rawStage(elsewhere), { isElsewhere: true })
