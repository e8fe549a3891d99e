/**
 * The session of a peer of this process: it knows the peer and its seat of now, and is over when the seat is. `room.ts`
 * and `event-room.ts` make one at each join; a transport holds it.
 */

import type { Seat } from '../delivery/seat.ts'
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'
import type { Posted, Posting, Speaker } from './open-room.ts'
import type { Connection, EventPeer } from './peer.ts'
import type { Message } from './protocol.ts'
import type { Session } from './session.ts'

/** The room of a session. */
export interface SessionRoom<P extends Connection> {
  receive(peer: P, data: string | Uint8Array): void
  gone(peer: P, seat: Seat, isLost: boolean): void
  end(peer: P, reason: CloseReason): void
}

export class PeerSession<P extends Connection, R extends SessionRoom<P> = SessionRoom<P>> implements Session {
  protected readonly room: R
  protected readonly peer: P
  readonly #seat: Seat

  constructor(room: R, peer: P) {
    this.room = room
    this.peer = peer
    this.#seat = peer.seat
  }

  receive(data: string | Uint8Array): void {
    if (!this.#seat.isGone) this.room.receive(this.peer, data)
  }

  gone(isLost: boolean): void {
    this.room.gone(this.peer, this.#seat, isLost)
  }

  end(reason: CloseReason): void {
    if (!this.#seat.isGone) this.room.end(this.peer, reason)
  }

  slow(limit: Limit): void {
    this.#seat.cut(limit)
  }

  flush(): void {
    this.#seat.flush()
  }
}

interface PostingRoom extends SessionRoom<EventPeer> {
  post(peer: EventPeer, messages: readonly Message[], how?: Posting): Promise<Posted>
}

/** The session of a peer of an event room, which may also post. */
export class EventPeerSession extends PeerSession<EventPeer, PostingRoom> implements Speaker {
  post(messages: readonly Message[], how?: Posting): Promise<Posted> {
    return this.room.post(this.peer, messages, how)
  }
}
