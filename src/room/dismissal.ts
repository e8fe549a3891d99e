/**
 * Graceful close of peers: each is closed after its messages are answered, so that a restart leaves no message open.
 * Messages that arrive meanwhile are refused as `unavailable` and safe to retry. `room.ts` calls it, for a drain and at
 * its close.
 */

import type { CloseReason } from '../errors.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { LivePeer } from './peer.ts'

interface Host<P> {
  readonly calls: HandlerCalls
  endTogether(peers: readonly P[], reason: (peer: P) => CloseReason): void
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
  room.endTogether(left, reason)
  if (open.length === 0) return
  await room.calls.waitFor(open, withinMs)
  room.endTogether(
    peers.filter(({ isDismissed, hasLeft }) => isDismissed && !hasLeft),
    reason,
  )
}
