/**
 * Sends the peers away whose connections this node holds and whose rooms live elsewhere, since this node ends. They come
 * back over another, and are waited for: nobody there sees them leave. `operations/drain.ts` asks, in waves.
 */
import type { Clock } from '../../clock.ts'
import type { CloseReason } from '../../errors.ts'
import type { Dismissal, DismissalParts } from '../../room/dismissal.ts'
import { endAfterAnswers, type LeavingPeer } from './after-answers.ts'

/** A peer as it is dismissed. */
export interface DismissedPeer extends LeavingPeer {
  /** Ends its connection. Its room waits for it. */
  dismiss(reason: CloseReason): void
}

export interface EdgeDismissalParts {
  readonly clock: Clock
  /** The peers to be sent away. */
  readonly peers: () => Iterable<DismissedPeer>
}

export class EdgeDismissal {
  readonly #parts: EdgeDismissalParts
  readonly #dismissed = new WeakSet<DismissedPeer>()

  constructor(parts: EdgeDismissalParts) {
    this.#parts = parts
  }

  /** How many are left to be dismissed. All of them are this node's own. */
  left(): number {
    let count = 0
    for (const _ of this.#left()) count += 1
    return count
  }

  /** Dismisses at most `atMost` further peers, each after its answers. `gone` resolves when all of them are closed. */
  dismiss({ atMost, reason, withinMs }: DismissalParts): Dismissal {
    const peers = this.#left().take(atMost).toArray()
    for (const peer of peers) this.#dismissed.add(peer)
    const gone = endAfterAnswers(this.#parts.clock, peers, (peer) => peer.dismiss(reason()), withinMs)
    return { dismissed: peers.length, gone }
  }

  *#left(): Generator<DismissedPeer> {
    for (const peer of this.#parts.peers()) if (!peer.isOver && !this.#dismissed.has(peer)) yield peer
  }
}
