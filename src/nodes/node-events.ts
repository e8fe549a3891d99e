/**
 * What follows in a node from what its beats tell of the others: rooms are made sure of, or lost, and links are dialled or
 * given up. `nodes.ts` passes it to `beats.ts`.
 */
import type { NodeAlarmTurns } from './alarm-turns.ts'
import type { Links } from './links.ts'
import type { OwnedLog } from './owned-log.ts'
import type { Owners } from './owners.ts'
import type { RosterEvents } from './roster.ts'

/** The node; its parts are read when something is told. */
export interface ToldNode {
  readonly log: Pick<OwnedLog, 'verify' | 'verifyAll' | 'loseAll'>
  readonly ownership: Pick<Owners, 'moved'>
  readonly links: Pick<Links, 'to' | 'died'>
  readonly alarmTurns: Pick<NodeAlarmTurns, 'onGone'>
}

export function nodeEvents(node: ToldNode): RosterEvents {
  return {
    verify: (path) => void node.log.verify(path),
    verifyAll: () => void node.log.verifyAll(),
    regained: () => node.log.verifyAll(),
    moved: (path, owner, term) => node.ownership.moved(path, owner, term),
    died(id) {
      node.links.died(id)
      node.alarmTurns.onGone()
    },
    cutOff: () => node.log.loseAll('this node alone is cut off from Redis'),
    linkWanted: (id) => void node.links.to(id).catch(() => {}),
  }
}
