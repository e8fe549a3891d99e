/** A room of an edge, as the kind that its line of rooms.json says. `node-rooms.ts` makes it. */
import type { Route } from '../../config/mount.ts'
import type { JoinableEventRoom, JoinableRawRoom } from '../../room/open-room.ts'
import type { EdgeRoomParts } from './edge-parts.ts'
import { EdgeRoom } from './edge-room.ts'

export function newEdgeRoom(parts: EdgeRoomParts<EdgeRoom>, route: Route): EdgeRoom {
  return route.mount.kind === 'event' ? new EdgeEventRoom(parts, route) : new EdgeRawRoom(parts, route)
}

class EdgeEventRoom extends EdgeRoom implements JoinableEventRoom {
  readonly kind = 'event'
  readonly joinable = this
}

class EdgeRawRoom extends EdgeRoom implements JoinableRawRoom {
  readonly kind = 'raw'
  readonly joinable = this
}
