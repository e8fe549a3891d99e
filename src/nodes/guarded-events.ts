/** The same events, where one that fails is logged and holds up nothing else. `beats.ts` calls them. */
import type { RoomLogger } from '../define.ts'
import { errorOf } from '../thrown.ts'
import type { RosterEvents } from './roster.ts'

export function guardedEvents(events: RosterEvents, logger: RoomLogger): RosterEvents {
  const failed = (error: unknown) =>
    logger.error({ err: errorOf(error) }, 'what was heard of other nodes could not be handled')
  const guarded = (work: () => void) => {
    try {
      work()
    } catch (error) {
      failed(error)
    }
  }
  return {
    verify: (path) => guarded(() => events.verify(path)),
    verifyAll: () => guarded(() => events.verifyAll()),
    regained: () => events.regained().catch(failed),
    moved: (path, owner, term) => guarded(() => events.moved(path, owner, term)),
    died: (id) => guarded(() => events.died(id)),
    cutOff: () => guarded(() => events.cutOff()),
    linkWanted: (id) => guarded(() => events.linkWanted(id)),
  }
}
