/** What the rooms of an edge are given: what `node-rooms.ts` passes on or a test makes up, and what it adds for each. */
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import type { RoomLogger } from '../../define.ts'
import type { FlushQueue } from '../../delivery/flush-queue.ts'
import type { Random } from '../../random.ts'
import type { Rooms } from '../../room/rooms.ts'
import type { Tally } from '../../tally.ts'
import type { NodeId } from '../link-message.ts'
import type { Ownership } from '../ownership.ts'
import type { Roster } from '../roster.ts'
import type { HeldBytes } from './held-messages.ts'
import type { Places } from './places.ts'
import type { OwnerLink } from './remote-home.ts'

export interface EdgeParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  readonly flushQueue: FlushQueue
  /** The counters of a line of rooms.json. */
  readonly tallyOf: (pattern: string) => Tally
  readonly roster: Pick<Roster, 'self' | 'timeAt' | 'timeKnown' | 'redisAgeMs'>
  readonly ownership: Pick<Ownership, 'find' | 'hurry' | 'known' | 'doubt' | 'termOf'>
  /** The rooms that are open on this node. */
  readonly rooms: Pick<Rooms, 'get' | 'reserve' | 'reserveJoin'>
  /** The link to a node, dialled if there is none. Rejects with a `DialError`. */
  readonly links: { to(node: NodeId): Promise<OwnerLink> }
  readonly places: Places
  readonly routeOf: (path: string) => Route | undefined
  readonly held: HeldBytes
  /** All peers that this node had of a room that has come here are in it. */
  readonly brought: (path: string, node: NodeId) => void
}

export interface EdgeRoomParts<Room> extends EdgeParts {
  /** The number of a new session. */
  readonly nextSession: () => number
  /** Nobody is in it, or about to be. */
  readonly empty: (room: Room) => void
  /** It had no home for so long that its peers were sent away. */
  readonly unreachable: (path: string) => void
}
