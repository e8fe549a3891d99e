/** Sessions of peers whose connection another node holds: the same contract as of those that are here. */
import { MadeUpEdge } from '../support/made-up-edge.ts'
import { openedGuests } from '../support/opened-guests.ts'
import { testSession } from '../support/session-contract.ts'
import { eventStage, rawStage, type Way } from '../support/session-stage.ts'

/** Over a link that carries everything at once. */
const overLink: Way = async (room, clock) => {
  const { guests } = openedGuests(clock, room)
  const edge = new MadeUpEdge((link) => guests.accept(link))
  edge.attach('/room', [], 1, room.kind)
  await clock.settled()
  return (visitor, wire, offset) => edge.join(visitor, wire, offset)
}

testSession('an event room on another node', () => eventStage(overLink), { isElsewhere: true })
testSession('a raw room on another node', () => rawStage(overLink), { isElsewhere: true })
