/**
 * What the gate grants: a place in a room and a place in the quotas. `gate.ts` makes it. The transport calls `release`
 * when it has joined or answered, and `leave` when the connection or request is over.
 */
import type { Route } from '../config/mount.ts'
import type { EventRoom } from '../room/open-room.ts'
import type { Reservation } from '../room/rooms.ts'
import type { Visitor } from '../room/session.ts'

/** Everything a transport needs to join a peer. */
export interface Admission extends Reservation {
  readonly route: Route
  readonly visitor: Visitor
  readonly offset: string | undefined
  /** Counts the peer out of the quotas. */
  leave(): void
}

/** What a plain HTTP request is for: one read, a stream of events (as a reader or a peer), or a post. */
export type Purpose = 'read' | 'subscribe' | 'post'

/** An event room for one plain HTTP request. */
export interface RequestAdmission extends Reservation {
  readonly room: EventRoom
  /** Counts the request out of the quotas. */
  leave(): void
}
