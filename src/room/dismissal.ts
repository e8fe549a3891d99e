/**
 * Peers that are asked to go, each after the answers to what it has said, so that a restart leaves no message open. What
 * they say meanwhile is refused as `unavailable` and safe to say again. `drain.ts` calls it, and `room.ts` at its close.
 */

import type { CloseReason } from '../errors.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { LivePeer } from './peer.ts'

interface Host<P> {
  readonly calls: HandlerCalls
  endTogether(peers: readonly P[], reason: (peer: P) => CloseReason): void
}

/**
 * Resolves when all of them were asked to go: at once, but for those whose handlers run or whose events are not kept yet.
 * These are waited for `withinMs`, or as long as handlers are anywhere.
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
    peer.isLeaving = settled !== undefined
  }
  room.endTogether(left, reason)
  if (open.length === 0) return
  await room.calls.waitFor(open, withinMs)
  room.endTogether(
    peers.filter(({ isLeaving, hasLeft }) => isLeaving && !hasLeft),
    reason,
  )
}
