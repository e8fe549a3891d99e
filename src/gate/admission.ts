/**
 * What the gate grants: a place in a room and a place in the quotas. `gate.ts` makes it. The transport calls `release`
 * when it has joined or answered, and `leave` when the connection or request is over.
 */
import type { Route } from '../config/mount.ts'
import type { EventRoom, JoinableEventRoom } from '../room/open-room.ts'
import type { JoinReservation, Reservation } from '../room/reservation.ts'
import type { Visitor } from '../room/session.ts'

/** Everything a transport needs to join a peer. */
export interface Admission extends JoinReservation {
  readonly route: Route
  readonly visitor: Visitor
  readonly offset: string | undefined
  /** Counts the peer out of the quotas. */
  leave(): void
}

/** What a plain HTTP request of no member is for: one read, a stream of events, or a post. */
export type Purpose = 'read' | 'subscribe' | 'post'

/** An event room for an event stream whose client is a peer. */
export interface StreamAdmission extends JoinReservation {
  readonly room: JoinableEventRoom
  /** Counts the stream out of the quotas. */
  leave(): void
}

/** An event room for one plain HTTP request. */
export interface RequestAdmission extends Reservation {
  readonly room: EventRoom
  /** Counts the request out of the quotas. */
  leave(): void
}
