/**
 * Which nodes cannot be dialled though they live: their beats go on for a while after a try failed. `beats.ts` owns it,
 * links tell it of each try.
 */
import type { NodeId } from './link-message.ts'

/** A node that beats for so long after it could not be dialled does live. */
const LIVES_MS = 5000
/** Between two tries to dial those that could not be dialled. */
const AGAIN_MS = 5000
/** At most so many are told to others. */
const MOST = 32

export class Reaches {
  /** Since when it could not be dialled, monotonic ms. */
  readonly #failedMs = new Map<NodeId, number>()

  #triedMs = Number.NEGATIVE_INFINITY

  dialled(id: NodeId, isReached: boolean, nowMs: number): void {
    if (isReached) this.#failedMs.delete(id)
    else if (!this.#failedMs.has(id)) this.#failedMs.set(id, nowMs)
  }

  /** Those to dial again now. */
  due(nowMs: number): NodeId[] {
    if (nowMs < this.#triedMs + AGAIN_MS) return []
    this.#triedMs = nowMs
    return [...this.#failedMs.keys()]
  }

  /** `movedMs`: when it was last seen to beat; `undefined`: it does not live. */
  unreached(movedMs: (id: NodeId) => number | undefined): NodeId[] {
    const unreached: NodeId[] = []
    for (const [id, failedMs] of this.#failedMs) {
      const moved = movedMs(id)
      if (moved === undefined) this.#failedMs.delete(id)
      else if (moved >= failedMs + LIVES_MS) unreached.push(id)
    }
    return unreached.slice(0, MOST)
  }
}
