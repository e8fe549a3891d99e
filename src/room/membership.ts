/**
 * The life of a member from join to leave, over lost connections and new ones. It calls the author's `join`, `drop`,
 * `rejoin` and `leave`, one after the other for each peer. Every `join` that accepted a peer is followed by exactly one
 * `leave`. `room.ts` owns it and defines how a peer enters; `members.ts` is the list.
 */

import type { CommonHandlers } from '../define.ts'
import type { Audience } from '../delivery/audience.ts'
import { Subscriber } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, RoomError, roomErrorOf } from '../errors.ts'
import { Expulsions } from './expulsions.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { Members } from './members.ts'
import { keyOf, type LivePeer } from './peer.ts'
import type { Visitor } from './session.ts'
import type { Steps } from './steps.ts'

/** Policy violation (RFC 6455, 7.4.1): the client should not reconnect. */
const REFUSED = 1008

/** What a room passes in. */
export interface MembershipParts<P extends LivePeer> {
  readonly calls: HandlerCalls
  readonly steps: Steps
  readonly audience: Audience
  readonly present: Members<P>
  /** How long a disconnected member may take to rejoin. */
  readonly rejoinWithinMs: number
  /** How many members may be disconnected at once. */
  readonly mostAway: number
  handlers(): CommonHandlers<P>
  /** Makes what `peer.data` begins as; `undefined`: the author leaves it empty. */
  readonly begin: ((peer: P) => void) | undefined
  newPeer(visitor: Visitor, wire: Wire): P
  /** Catches the peer up and subscribes it. */
  enter(peer: P, offset: string | undefined): undefined | Promise<void>
  /** The history could not be read for a peer. */
  catchUpFailed(peer: P, error: unknown): void
  /** The author's `join` refused the peer, which is closed next. */
  refused(peer: P, error: RoomError): void
  onEmpty(): void
  /** The room closes, or has closed. */
  closedWith(): CloseReason | undefined
}

export class Membership<P extends LivePeer> {
  readonly #parts: MembershipParts<P>
  /** For each peer that has left while its handlers still run. */
  readonly #pendingLeaves = new Set<Promise<void>>()

  readonly #expulsions: Expulsions<P>

  constructor(parts: MembershipParts<P>) {
    this.#parts = parts
    this.#expulsions = new Expulsions({
      steps: parts.steps,
      present: parts.present,
      audience: parts.audience,
      onEmpty: () => parts.onEmpty(),
      closedWith: () => parts.closedWith(),
      left: (peer) => this.#runLeave(peer),
      leave: (peer) => this.leave(peer),
      expired: (peer) => this.end(peer, Close.expired),
    })
  }

  /** Joins a peer. A client that lost its connection and reconnects in time is the same member. */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): P {
    const { present } = this.#parts
    const known = present.withKey(keyOf(visitor))
    if (known) return this.#reconnect(known, visitor, wire, offset)
    const peer = this.#parts.newPeer(visitor, wire)
    peer.isMember = true
    present.add(peer)
    if (visitor.untilMs !== undefined) this.#limit(peer, visitor)
    this.#enter(peer, offset)
    peer.sequence.follow(this.#joined(peer))
    return peer
  }

  /**
   * Handles the end of a connection. If it was lost (not closed) and the peer is known again by a key, it may rejoin.
   * A second call, or one for a replaced subscriber, does nothing.
   */
  gone(peer: P, subscriber: Subscriber, isLost: boolean): void {
    const { audience, present, rejoinWithinMs, mostAway } = this.#parts
    if (peer.isEnded && !peer.hasLeft) peer.goneSince = () => this.gone(peer, subscriber, isLost)
    if (peer.hasLeft || peer.isEnded || peer.subscriber !== subscriber || peer.isAway) return
    if (!isLost || peer.key === undefined || rejoinWithinMs === 0) {
      this.leave(peer)
      return
    }
    audience.remove(peer.subscriber)
    present.wait(peer, rejoinWithinMs, () => this.leave(peer))
    // Not twice: `rejoin` is not called of one that has left by then.
    peer.sequence.run(() => (peer.isIn && !peer.hasDropped ? this.#call('drop', peer) : undefined))
    // `limits.peers` does not count them, and each may stay away for up to an hour.
    const longestAway = present.longestAway(mostAway)
    if (longestAway) this.leave(longestAway)
  }

  /** Ends the membership of a peer. A second call does nothing. */
  leave(peer: P): void {
    if (this.#remove(peer)) this.#runLeave(peer)
  }

  /** One promise for each peer that has left, resolved when its last handler has ended. */
  pendingLeaves(): readonly Promise<void>[] {
    return [...this.#pendingLeaves]
  }

  /** Ends connection and membership: from now on the peer gets nothing, and its messages are ignored. */
  end(peer: P, reason: CloseReason): void {
    if (!peer.isEnded) this.#expulsions.now(peer, reason)
    else if (!peer.hasLeft) peer.goneSince = () => this.end(peer, reason)
  }

  /** The author ends a peer: now, as far as the room sees it, and its connection with the step of the code that runs. */
  expelInStep(peer: P, reason: CloseReason): void {
    this.#expulsions.inStep(peer, reason)
  }

  #runLeave(peer: P): void {
    peer.sequence.run(() => this.#left(peer))
    const ended = peer.sequence.idle()
    if (!ended) return
    this.#pendingLeaves.add(ended)
    void ended.then(() => this.#pendingLeaves.delete(ended))
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

  /** The same member on another connection: it catches up, and no `join` is called. */
  #reconnect(peer: P, visitor: Visitor, wire: Wire, offset: string | undefined): P {
    const { audience, present } = this.#parts
    const { subscriber } = peer
    peer.renew(visitor)
    this.#limit(peer, visitor)
    const isReplaced = !peer.isAway
    audience.remove(subscriber)
    present.stopWaiting(peer)
    peer.subscriber = new Subscriber(peer, wire, audience)
    if (isReplaced) subscriber.wire.close(Close.replaced)
    // Not queued behind its earlier messages, since their answers would come before the welcome.
    this.#enter(peer, offset)
    peer.sequence.run(() => this.#rejoined(peer))
    return peer
  }

  /** Ends the peer when its token expires. */
  #limit(peer: P, { untilMs }: Visitor): void {
    this.#parts.present.endStayAt(peer, untilMs, () => this.end(peer, Close.expired))
  }

  #enter(peer: P, offset: string | undefined): void {
    peer.catchingUp = undefined
    try {
      const entering = this.#parts.enter(peer, offset)
      if (entering) peer.catchingUp = this.#caughtUp(peer, entering)
    } catch (error) {
      this.#catchUpFailed(peer, peer.subscriber, error)
    }
  }

  async #caughtUp(peer: P, entering: Promise<void>): Promise<void> {
    const { subscriber } = peer
    await entering.catch((error) => this.#catchUpFailed(peer, subscriber, error))
    if (peer.subscriber === subscriber) peer.catchingUp = undefined
  }

  #catchUpFailed(peer: P, subscriber: P['subscriber'], error: unknown): void {
    this.#parts.catchUpFailed(peer, error)
    // It may have reconnected meanwhile.
    if (peer.subscriber === subscriber) this.end(peer, Close.busy)
  }

  /** Calls the author's `join` after the past was sent, on the newest connection. */
  #joined(peer: P): undefined | Promise<void> {
    if (peer.catchingUp) return peer.catchingUp.then(() => this.#joined(peer))
    if (peer.hasLeft) return undefined
    peer.hasJoined = true
    // A call costs as much as the rest of a join, and most rooms have no `join`.
    const { handlers, begin } = this.#parts
    const joining = begin || handlers().join ? this.#callJoin(peer) : undefined
    return joining ? joining.then(() => this.#leftAtOnce(peer)) : this.#leftAtOnce(peer)
  }

  #callJoin(peer: P): undefined | Promise<void> {
    return this.#parts.calls.call(
      'join',
      () => {
        this.#parts.begin?.(peer)
        return this.#parts.handlers().join?.(peer)
      },
      (error) => this.#refuse(peer, error),
      peer.id,
    )
  }

  /** A peer that its own `join` has ended leaves before anything else runs. */
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
    const { calls, handlers } = this.#parts
    peer.hasDropped = what === 'drop'
    if (!handlers()[what]) return undefined
    return calls.call(
      what,
      () => handlers()[what]?.(peer),
      (error) => calls.failed(what, error, peer.id),
      peer.id,
    )
  }

  /** A `RoomError` is deliberate and not logged. */
  #refuse(peer: P, thrown: unknown): void {
    const { calls } = this.#parts
    peer.isRefused = true
    const deliberate = roomErrorOf(thrown)
    if (!deliberate) calls.failed('join', thrown, peer.id)
    if (peer.hasLeft || peer.isEnded) return
    const error = deliberate ?? new RoomError('internal', 'the room failed to handle your join')
    this.#expulsions.afterSteps(peer, { code: REFUSED, reason: error.code }, () => this.#parts.refused(peer, error))
  }
}
