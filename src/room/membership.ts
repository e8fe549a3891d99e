/**
 * Who comes and goes: the life of a member from its join to its leave, over lost connections and new ones. It calls the
 * author's `join`, `drop`, `rejoin` and `leave`, one after the other for each peer; every `join` that let a peer in is
 * followed by exactly one `leave`. `room.ts` owns it and says what entering means; `members.ts` is the list.
 */

import type { Audience } from '../delivery/audience.ts'
import { Subscriber } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, RoomError, roomErrorOf } from '../errors.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { Members } from './members.ts'
import type { LivePeer } from './peer.ts'
import type { CommonHandlers } from './room-parts.ts'
import type { Visitor } from './session.ts'

/** A policy says no (RFC 6455, 7.4.1): the client shall not come back as it is. */
const REFUSED = 1008

/** What a room gives its attendance. */
export interface MembershipParts<P extends LivePeer> {
  readonly calls: HandlerCalls
  readonly audience: Audience
  readonly present: Members<P>
  /** How long a lost member is waited for. */
  readonly rejoinWithinMs: number
  /** How many lost members are waited for at once. */
  readonly mostAway: number
  handlers(): CommonHandlers<P>
  peer(visitor: Visitor, wire: Wire): P
  /** Catches the peer up and subscribers it. */
  enter(peer: P, offset: string | undefined): undefined | Promise<void>
  /** The past could not be read for a peer. */
  unread(peer: P, error: unknown): void
  /** The author's `join` lets the peer not in; it is closed next. */
  refused(peer: P, error: RoomError): void
  onEmpty(): void
}

export class Membership<P extends LivePeer> {
  readonly #parts: MembershipParts<P>
  /** Who has left and whose handlers still run. */
  readonly #parting = new Set<Promise<void>>()

  constructor(parts: MembershipParts<P>) {
    this.#parts = parts
  }

  /** Lets a peer in. A client that lost its connection and is back in time is the member it was. */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): P {
    const { present } = this.#parts
    const known = present.of(visitor.client)
    if (known) return this.#back(known, visitor, wire, offset)
    const peer = this.#parts.peer(visitor, wire)
    peer.isMember = true
    present.add(peer)
    if (visitor.untilMs !== undefined) this.#limit(peer, visitor)
    this.#enter(peer, offset)
    peer.sequence.follow(this.#joined(peer))
    return peer
  }

  /**
   * A peer's connection is gone. One that was lost (not closed) is waited for, if its client can be known again.
   * A subscriber that was replaced, or a second call, changes nothing.
   */
  gone(peer: P, subscriber: Subscriber, isLost: boolean): void {
    const { audience, present, rejoinWithinMs, mostAway } = this.#parts
    if (peer.hasLeft || peer.isEnded || peer.subscriber !== subscriber || peer.isAway) return
    if (!isLost || peer.client === undefined || rejoinWithinMs === 0) {
      this.leave(peer)
      return
    }
    audience.remove(peer.subscriber)
    present.wait(peer, rejoinWithinMs, () => this.leave(peer))
    peer.sequence.run(() => (peer.isIn ? this.#call('drop', peer) : undefined))
    // They are no connections that `limits.peers` counts, and may be waited for an hour.
    const overdue = present.longestAway(mostAway)
    if (overdue) this.leave(overdue)
  }

  /** The peer is no member any more. A second call does nothing. */
  leave(peer: P): void {
    if (this.#remove(peer)) this.#part(peer)
  }

  /** One promise for each who has left: it resolves when the last of its handlers has ended. */
  parting(): readonly Promise<void>[] {
    return [...this.#parting]
  }

  /** The room ends a peer's stay: it is no member from this moment, hears nothing, and is not heard. */
  end(peer: P, reason: CloseReason): void {
    if (peer.isEnded) return
    peer.isEnded = true
    peer.end(reason)
    // A step of its own, not in the midst of the handler that ended it.
    if (this.#remove(peer)) void Promise.resolve().then(() => this.#part(peer))
  }

  #part(peer: P): void {
    peer.sequence.run(() => this.#left(peer))
    const ended = peer.sequence.idle()
    if (!ended) return
    this.#parting.add(ended)
    void ended.then(() => this.#parting.delete(ended))
  }

  #remove(peer: P): boolean {
    if (!peer.isMember) return false
    const { audience, present } = this.#parts
    peer.isMember = false
    peer.hasLeft = true
    audience.remove(peer.subscriber)
    present.remove(peer)
    if (present.size === 0) this.#parts.onEmpty()
    return true
  }

  /** The same member on another connection: it catches up, and nobody is told. */
  #back(peer: P, visitor: Visitor, wire: Wire, offset: string | undefined): P {
    const { audience, present } = this.#parts
    const { subscriber } = peer
    peer.renew(visitor)
    this.#limit(peer, visitor)
    const isReplaced = !peer.isAway
    audience.remove(subscriber)
    present.found(peer)
    peer.subscriber = new Subscriber(peer, wire, audience)
    if (isReplaced) subscriber.wire.close(Close.replaced)
    // Not after what it said before, whose answers would come before the welcome.
    this.#enter(peer, offset)
    peer.sequence.run(() => this.#rejoined(peer))
    return peer
  }

  /** A peer stays no longer than its token is good. */
  #limit(peer: P, { untilMs }: Visitor): void {
    this.#parts.present.until(peer, untilMs, () => this.end(peer, Close.expired))
  }

  #enter(peer: P, offset: string | undefined): void {
    peer.catchingUp = undefined
    try {
      const entering = this.#parts.enter(peer, offset)
      if (entering) peer.catchingUp = this.#caughtUp(peer, entering)
    } catch (error) {
      this.#unread(peer, peer.subscriber, error)
    }
  }

  async #caughtUp(peer: P, entering: Promise<void>): Promise<void> {
    const { subscriber } = peer
    try {
      await entering
    } catch (error) {
      this.#unread(peer, subscriber, error)
    }
    if (peer.subscriber === subscriber) peer.catchingUp = undefined
  }

  #unread(peer: P, subscriber: P['subscriber'], error: unknown): void {
    this.#parts.unread(peer, error)
    // It may have come back on another connection meanwhile.
    if (peer.subscriber === subscriber) this.end(peer, Close.busy)
  }

  /** The author hears of a peer when the past is on its way, on the newest connection. */
  #joined(peer: P): undefined | Promise<void> {
    if (peer.catchingUp) return peer.catchingUp.then(() => this.#joined(peer))
    if (peer.hasLeft) return undefined
    peer.hasJoined = true
    // A call costs as much as the rest of a join, and most rooms need none.
    const joining = this.#parts.handlers().join ? this.#callJoin(peer) : undefined
    return joining ? joining.then(() => this.#leftAtOnce(peer)) : this.#leftAtOnce(peer)
  }

  #callJoin(peer: P): undefined | Promise<void> {
    return this.#parts.calls.call(
      'join',
      () => this.#parts.handlers().join?.(peer),
      (error) => this.#refuse(peer, error),
      peer.id,
    )
  }

  /** One whom its own join has ended leaves before anything else comes. */
  #leftAtOnce(peer: P): undefined | Promise<void> {
    return peer.isEnded ? this.#left(peer) : undefined
  }

  #rejoined(peer: P): undefined | Promise<void> {
    if (peer.catchingUp) return peer.catchingUp.then(() => this.#rejoined(peer))
    return peer.isIn && !peer.hasLeft ? this.#call('rejoin', peer) : undefined
  }

  #left(peer: P): undefined | Promise<void> {
    if (!peer.hasJoined || peer.isRefused) return undefined
    peer.hasJoined = false
    return this.#call('leave', peer)
  }

  #call(what: 'drop' | 'rejoin' | 'leave', peer: P): undefined | Promise<void> {
    const { calls } = this.#parts
    if (!this.#parts.handlers()[what]) return undefined
    return calls.call(
      what,
      () => this.#parts.handlers()[what]?.(peer),
      (error) => calls.failed(what, error, peer.id),
      peer.id,
    )
  }

  /** What the author said on purpose is no mistake to log. */
  #refuse(peer: P, thrown: unknown): void {
    const { calls } = this.#parts
    peer.isRefused = true
    const said = roomErrorOf(thrown)
    if (!said) calls.failed('join', thrown, peer.id)
    if (peer.hasLeft) return
    const error = said ?? new RoomError('internal', 'the room failed to let you in')
    this.#parts.refused(peer, error)
    this.end(peer, { code: REFUSED, reason: error.code })
  }
}
