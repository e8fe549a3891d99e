/**
 * Which nodes are dialled to find out how they are: those that could not be dialled, which cannot be reached if their beats
 * go on for a while, and those that do not beat, which refuse if they have died. `beats.ts` owns it, links tell it of each
 * try.
 */
import type { NodeId } from './link-message.ts'
import type { Sightings } from './sightings.ts'

/** A node that beats for so long after it could not be dialled does live. */
const LIVES_MS = 5000
/** Between two tries to dial those that could not be dialled. */
const AGAIN_MS = 5000
/** At most so many are told to others. */
const MOST = 32

export class Reaches {
  /** Since when it could not be dialled, monotonic ms. */
  readonly #failedMs = new Map<NodeId, number>()

  readonly #sightings: Pick<Sightings, 'movedMs' | 'standing'>
  #triedMs = Number.NEGATIVE_INFINITY

  constructor(sightings: Pick<Sightings, 'movedMs' | 'standing'>) {
    this.#sightings = sightings
  }

  dialled(id: NodeId, isReached: boolean, nowMs: number): void {
    if (isReached) this.#failedMs.delete(id)
    else if (!this.#failedMs.has(id)) this.#failedMs.set(id, nowMs)
  }

  /** Those to dial now; called each second. */
  *due(nowMs: number): Generator<NodeId> {
    yield* this.#sightings.standing(nowMs)
    if (nowMs < this.#triedMs + AGAIN_MS) return
    this.#triedMs = nowMs
    yield* this.#failedMs.keys()
  }

  unreached(): NodeId[] {
    const unreached: NodeId[] = []
    for (const [id, failedMs] of this.#failedMs) {
      const moved = this.#sightings.movedMs(id)
      if (moved === undefined) this.#failedMs.delete(id)
      else if (moved >= failedMs + LIVES_MS) unreached.push(id)
    }
    return unreached.slice(0, MOST)
  }
}
