/**
 * Sends the peers away whose connections this node holds and whose rooms live elsewhere, since this node ends. They come
 * back over another, and are waited for: nobody there sees them leave. `operations/drain.ts` asks, in waves.
 */
import type { Clock } from '../../clock.ts'
import type { CloseReason } from '../../errors.ts'
import { within } from '../../within.ts'

/** How often it is looked whether a peer has its answers. */
const CHECK_MS = 50

/** A peer as it is dismissed. */
export interface DismissedPeer {
  readonly isOver: boolean
  /** Nothing that it said waits for an answer. */
  readonly isQuiet: boolean
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

  /** How many are left to be dismissed. */
  get count(): number {
    let count = 0
    for (const _ of this.#left()) count += 1
    return count
  }

  /** Dismisses at most `atMost` further peers, each after its answers. `gone` resolves when all of them are closed. */
  dismiss(atMost: number, reason: () => CloseReason, withinMs: number): { dismissed: number; gone: Promise<void> } {
    const peers = this.#left().take(atMost).toArray()
    for (const peer of peers) this.#dismissed.add(peer)
    return { dismissed: peers.length, gone: this.#afterAnswers(peers, reason, withinMs) }
  }

  async #afterAnswers(peers: readonly DismissedPeer[], reason: () => CloseReason, withinMs: number): Promise<void> {
    const { clock } = this.#parts
    let waiting = peers
    const dismissQuiet = () => {
      for (const peer of waiting) if (peer.isQuiet) peer.dismiss(reason())
      waiting = waiting.filter(({ isOver }) => !isOver)
    }
    dismissQuiet()
    if (waiting.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = clock.every(CHECK_MS, () => {
      dismissQuiet()
      if (waiting.length === 0) resolve()
    })
    await within(clock, withinMs, promise, () => {})
    end()
    for (const peer of waiting) peer.dismiss(reason())
  }

  *#left(): Generator<DismissedPeer> {
    for (const peer of this.#parts.peers()) if (!peer.isOver && !this.#dismissed.has(peer)) yield peer
  }
}
