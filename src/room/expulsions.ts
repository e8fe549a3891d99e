/**
 * Ends peers by the decision of the room. From then on a peer is no member and is not heard; its connection is closed at
 * once, or with the step of the code that decided it. If that step is undone, the peer is a member again.
 * `membership.ts` owns it and calls the author's `leave` afterwards.
 */
import type { Audience } from '../delivery/audience.ts'
import type { CloseReason } from '../errors.ts'
import type { Members } from './members.ts'
import type { LivePeer } from './peer.ts'
import type { Steps } from './steps.ts'

export interface ExpulsionsParts<P extends LivePeer> {
  readonly steps: Steps
  readonly present: Members<P>
  readonly audience: Audience
  onEmpty(): void
  closedWith(): CloseReason | undefined
  /** A member has been closed. */
  left(peer: P): void
  /** Ends the membership of a peer that cannot stay. */
  leave(peer: P): void
  /** The token of a peer has expired. */
  expired(peer: P): void
}

export class Expulsions<P extends LivePeer> {
  readonly #parts: ExpulsionsParts<P>

  constructor(parts: ExpulsionsParts<P>) {
    this.#parts = parts
  }

  now(peer: P, reason: CloseReason): void {
    this.#finish(peer, reason, this.#expel(peer))
  }

  /** With the step of the code that runs now. */
  inStep(peer: P, reason: CloseReason): void {
    const { steps } = this.#parts
    const { current } = steps
    if (peer.isEnded) return
    const { isAway, untilMs } = peer
    const wasMember = this.#expel(peer)
    current.onUndo(() => this.#restore(peer, wasMember, isAway, untilMs))
    current.say({ size: 0, send: () => this.#finish(peer, reason, wasMember) })
  }

  /** After everything that the room has said so far. `beforeClose` is called just before. */
  afterSteps(peer: P, reason: CloseReason, beforeClose: () => void): void {
    const wasMember = this.#expel(peer)
    const finish = () => {
      beforeClose()
      this.#finish(peer, reason, wasMember)
    }
    this.#parts.steps.run((step) => step.say({ size: 0, send: finish, cancelled: finish }))
  }

  /** `true`: it was a member. */
  #expel(peer: P): boolean {
    const wasMember = peer.isMember
    peer.isEnded = true
    peer.isMember = false
    if (wasMember) this.#parts.present.remove(peer)
    return wasMember
  }

  #finish(peer: P, reason: CloseReason, wasMember: boolean): void {
    const { present, audience } = this.#parts
    peer.goneSince = undefined
    peer.end(reason)
    if (!wasMember) return
    peer.hasLeft = true
    audience.remove(peer.subscriber)
    if (present.size === 0) this.#parts.onEmpty()
    // In a microtask of its own, not within the code that ended the peer.
    void Promise.resolve().then(() => this.#parts.left(peer))
  }

  #restore(peer: P, wasMember: boolean, wasAway: boolean, untilMs: number | undefined): void {
    const { present } = this.#parts
    peer.isEnded = false
    if (!wasMember) return
    peer.isMember = true
    const successor = present.withKey(peer.key)
    present.add(peer)
    present.endStayAt(peer, untilMs, () => this.#parts.expired(peer))
    const { goneSince } = peer
    peer.goneSince = undefined
    // Another connection of its client has joined meanwhile, or nobody waits for it any more.
    if (successor || wasAway) this.#parts.leave(peer)
    else goneSince?.()
    const closedWith = this.#parts.closedWith()
    if (closedWith && !peer.hasLeft) this.now(peer, closedWith)
  }
}
