/**
 * Ends peers of this node whose rooms live elsewhere, each when it has the answers to all that it has said: the node ends
 * (`edge-dismissal.ts`), or their line of rooms.json has changed (`edge-room.ts`).
 */
import type { Clock } from '../../clock.ts'
import { within } from '../../within.ts'

/** How often it is looked whether a peer has its answers. */
const CHECK_MS = 50

/** A peer that is about to be ended. */
export interface LeavingPeer {
  readonly isOver: boolean
  /** Nothing that it said waits for an answer. */
  readonly isQuiet: boolean
  /** What it says from now on is refused, so that it has all its answers soon. */
  refuseMore(): void
}

/** Resolves when all are ended: after `withinMs` also those that wait for an answer still. */
export async function endAfterAnswers<Peer extends LeavingPeer>(
  clock: Clock,
  peers: readonly Peer[],
  end: (peer: Peer) => void,
  withinMs: number,
): Promise<void> {
  let waiting = peers
  const endQuiet = () => {
    for (const peer of waiting) if (peer.isQuiet) end(peer)
    waiting = waiting.filter(({ isOver, isQuiet }) => !isOver && !isQuiet)
  }
  endQuiet()
  if (waiting.length === 0) return
  for (const peer of waiting) peer.refuseMore()
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.every(CHECK_MS, () => {
    endQuiet()
    if (waiting.length === 0) resolve()
  })
  await within(clock, withinMs, promise, () => {})
  cancel()
  for (const peer of waiting) end(peer)
}
