/**
 * Where a room lives, as an edge uses it: open on this node (`local-home.ts`), or on another (`remote-home.ts`).
 * `edge-room.ts` finds it and brings its peers to it.
 */
import type { Route } from '../../config/mount.ts'
import type { RoomError } from '../../errors.ts'
import type { Offsets, Sender } from '../../room/open-room.ts'
import type { Coming } from '../../room/reservation.ts'
import type { Session } from '../../room/session.ts'
import type { Bringing, NodeId } from '../link-message.ts'
import type { EdgeWire } from './edge-wire.ts'

/** The session of a peer at a home. */
export type HomeSession = Session & Partial<Sender>

/** A peer that is brought to a home. */
export interface EdgePeer {
  readonly wire: EdgeWire
  /** The connection is over. */
  readonly isOver: boolean
  /** It is brought to a home: how it comes there. */
  bringing(home: RoomHome): Bringing
  /** It has come there; from now on it speaks there. */
  arrive(home: RoomHome, session: HomeSession): void
}

/** A place kept at a home. */
export interface KeptPlace {
  release(): void
  readonly resumes?: boolean | undefined
}

export interface RoomHome extends Offsets {
  /** Nobody can come to it any more. */
  readonly isOver: boolean
  /** The node that has it; `undefined`: this one. */
  readonly node: NodeId | undefined
  reserve(route: Route, coming: Coming): KeptPlace | Promise<KeptPlace>
  /** Joins a peer, which arrives. */
  join(peer: EdgePeer): void
  resumes(offset: string): boolean
  refusalOf(client: string | undefined): RoomError | undefined
  /** It is not used any more; it has no peers. */
  leave(): void
}
