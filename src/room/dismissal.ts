/**
 * Graceful close of peers: each is closed after its messages are answered, so that a restart leaves no message open.
 * Messages that arrive meanwhile are refused as `unavailable` and safe to retry. `room.ts` calls it, for a drain and at
 * its close.
 */

import type { Audience } from '../delivery/audience.ts'
import type { CloseReason } from '../errors.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { Members } from './members.ts'
import type { LivePeer } from './peer.ts'

interface Host<P> {
  readonly calls: HandlerCalls
  readonly audience: Audience
  end(peer: P, reason: CloseReason): void
}

export interface Dismissal {
  readonly dismissed: number
  /** Resolves when all of them are closed. */
  readonly gone: Promise<void>
}

/** Which peers are dismissed, and how. */
export interface DismissalParts {
  readonly atMost: number
  /** Of each. */
  readonly reason: () => CloseReason
  /** The longest that its answers are waited for. */
  readonly withinMs: number
  /** Only peers whose connections this node holds: those of other nodes find the room again where it is then. */
  readonly isOwnOnly: boolean
}

/** The peers of a room, as a drain dismisses them. */
export class Dismissals<P extends LivePeer> {
  readonly #room: Host<P> & { readonly present: Members<P> }

  constructor(room: Host<P> & { readonly present: Members<P> }) {
    this.#room = room
  }

  /** How many are left to be dismissed. */
  left(isOwnOnly: boolean): number {
    return this.#left(isOwnOnly).reduce((count) => count + 1, 0)
  }

  /** Dismisses further peers, each after its answers. */
  dismiss({ atMost, reason, withinMs, isOwnOnly }: DismissalParts): Dismissal {
    const peers = this.#left(isOwnOnly).take(atMost).toArray()
    return { dismissed: peers.length, gone: dismissAfterAnswers(this.#room, peers, reason, withinMs) }
  }

  #left(isOwnOnly: boolean): IteratorObject<P> {
    const isMeant = ({ subscriber }: P) => !isOwnOnly || subscriber.wire.relayed === undefined
    return this.#room.present.peers().filter((peer) => !peer.isDismissed && isMeant(peer))
  }
}

/**
 * Closes idle peers at once. Peers whose handlers still run, or whose events are not kept yet, are closed when these
 * are done, and after `withinMs` at the latest. Resolves when all are closed.
 */
export async function dismissAfterAnswers<P extends LivePeer>(
  room: Host<P>,
  peers: readonly P[],
  reason: (peer: P) => CloseReason,
  withinMs?: number,
): Promise<void> {
  const open: Promise<void>[] = []
  const left: P[] = []
  for (const peer of peers) {
    const settled = peer.settled()
    if (settled) open.push(settled)
    else left.push(peer)
    peer.isDismissed = settled !== undefined
  }
  endTogether(room, left, reason)
  if (open.length === 0) return
  await room.calls.waitFor(open, withinMs)
  endTogether(
    room,
    peers.filter(({ isDismissed, hasLeft }) => isDismissed && !hasLeft),
    reason,
  )
}

/**
 * Ends all connections after their answers, where the room goes on elsewhere: none of its peers leaves it. `failRest`
 * answers what has no answer by then: the peers stay, and wait for it.
 */
export async function moveAfterAnswers<P extends LivePeer>(
  room: Host<P> & { readonly present: Members<P> },
  reason: CloseReason,
  failRest: () => void,
): Promise<void> {
  const open = [...room.present.peers()].map((peer) => {
    peer.isDismissed = true
    return peer.settled()
  })
  await room.calls.waitFor(open)
  failRest()
  endNow(room.present, room.audience, reason)
}

/** Ends all connections, with nothing of the author's code called for it. */
export function endNow<P extends LivePeer>(present: Members<P>, audience: Audience, reason: CloseReason): void {
  for (const peer of [...present.peers()]) {
    peer.isMember = false
    peer.isEnded = true
    peer.end(reason)
    peer.hasLeft = true
    audience.remove(peer.subscriber)
    present.remove(peer)
  }
}

/** Closes the connection of a peer that never joins. */
export function turnAway<P extends LivePeer>(peer: P, reason: CloseReason): P {
  peer.isEnded = true
  peer.hasLeft = true
  peer.subscriber.wire.close(reason)
  return peer
}

/** Ends many at once. None of them gets the leave events of the others, which would be quadratic. */
function endTogether<P extends LivePeer>(room: Host<P>, peers: readonly P[], reason: (peer: P) => CloseReason): void {
  for (const peer of peers) {
    peer.subscriber.flush()
    room.audience.remove(peer.subscriber)
  }
  for (const peer of peers) room.end(peer, reason(peer))
}
