/** A room as the sessions of this node's peers have it (`edge-session.ts`), wherever it lives. `edge-room.ts` is one. */
import type { Clock } from '../../clock.ts'
import type { JsonBounds } from '../../config/mount.ts'
import type { HeldBytes } from './held-messages.ts'
import type { RoomHome } from './room-home.ts'

/** `Session`: of its peers. */
export interface SessionRoom<Session> {
  readonly kind: 'event' | 'raw'
  readonly clock: Clock
  readonly json: JsonBounds
  readonly held: HeldBytes
  /** Peers of a room that moves stay: all of an event room, and of a raw room that says so. */
  readonly isFollowed: boolean
  /** What its peers say waits: it is about to move. */
  readonly isHolding: boolean
  /** A peer has lost its home. */
  departed(session: Session, home: RoomHome): void
  /** A session is over. */
  ended(session: Session): void
  /** What a peer has said waits for a home. */
  hurry(): void
  /** Resolves when the peers of the room have a home. Rejects with a `Refusal`. */
  settled(): Promise<void>
}
