/**
 * The session of a peer in this process. It holds the peer and its current subscriber, and is over when the subscriber
 * is gone. `room.ts` and `event-room.ts` make one at each join; a transport holds it.
 */

import type { Subscriber } from '../delivery/subscriber.ts'
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'
import type { Posted, Posting, Sender } from './open-room.ts'
import type { LiveEventPeer, LivePeer } from './peer.ts'
import type { Message } from './protocol.ts'
import type { Session } from './session.ts'

/** The room of a session. */
export interface SessionRoom<P extends LivePeer> {
  receive(peer: P, data: string | Uint8Array, ref?: number): void
  gone(peer: P, subscriber: Subscriber, isLost: boolean): void
  end(peer: P, reason: CloseReason): void
}

export class PeerSession<P extends LivePeer, R extends SessionRoom<P> = SessionRoom<P>> implements Session {
  protected readonly room: R
  protected readonly peer: P
  readonly #subscriber: Subscriber

  constructor(room: R, peer: P) {
    this.room = room
    this.peer = peer
    this.#subscriber = peer.subscriber
  }

  receive(data: string | Uint8Array, ref?: number): void {
    if (!this.#subscriber.isGone) this.room.receive(this.peer, data, ref)
  }

  gone(isLost: boolean): void {
    this.room.gone(this.peer, this.#subscriber, isLost)
  }

  end(reason: CloseReason): void {
    if (!this.#subscriber.isGone) this.room.end(this.peer, reason)
  }

  cutSlow(limit: Limit): void {
    this.#subscriber.cut(limit)
  }

  flush(): void {
    this.#subscriber.flush()
  }
}

interface PostingRoom extends SessionRoom<LiveEventPeer> {
  post(peer: LiveEventPeer, messages: readonly Message[], how?: Posting): Promise<Posted>
}

/** The session of a peer of an event room, which may also post. */
export class EventPeerSession extends PeerSession<LiveEventPeer, PostingRoom> implements Sender {
  post(messages: readonly Message[], how?: Posting): Promise<Posted> {
    return this.room.post(this.peer, messages, how)
  }
}
