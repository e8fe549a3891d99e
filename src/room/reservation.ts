/**
 * Places in rooms, kept for those who are about to join or to read. The gate asks for them; `rooms.ts` gives places in
 * the rooms that are open here.
 */
import type { Route } from '../config/mount.ts'
import type { JoinableRoom, OpenRoom } from './open-room.ts'

/** A place in a room that is open here. */
export interface Reservation {
  readonly room: OpenRoom
  /** Gives the place back. A second call does nothing. */
  release(): void
}

/** A place in a room, kept for a peer until it has joined or gone away. */
export interface JoinReservation {
  readonly room: JoinableRoom
  /** Gives the place back. A second call does nothing. */
  release(): void
  /** Whether the peer's offset resumes; `undefined`: `room` knows. */
  readonly resumes?: boolean | undefined
  /**
   * When the peer asked for it, if it had to wait: its client may have connected to another server meanwhile, and of the two
   * the later one stays.
   */
  readonly begunMs?: number | undefined
}

/** A peer that is about to join. */
export interface Coming {
  /** Its client id: it may be a member already. */
  readonly client: string | undefined
  /** Where it resumes. */
  readonly offset: string | undefined
  /** Its transport is an event stream, which only event rooms have. */
  readonly isStream: boolean
}

/** Where the gate gets rooms. */
export interface RoomPlaces {
  /** The room at a path, if it is open here. */
  get(route: Route): OpenRoom | undefined
  /** Keeps a place for whoever is no member: one who reads (`isPeer`: for as long as a peer stays) or sends. */
  reserve(route: Route, isPeer?: boolean): Reservation | Promise<Reservation>
  /** Keeps a place for a peer. Throws or rejects with a `Refusal`. */
  reserveJoin(route: Route, coming: Coming): JoinReservation | Promise<JoinReservation>
}
