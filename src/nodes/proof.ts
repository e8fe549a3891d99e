/**
 * Whether this node may speak for its rooms. Others take them when they have not seen it beat for 10 s, so it may for a
 * little less after a beat that was answered, counted from when that was sent. Where Redis is away for all others too nobody takes a
 * room, and it may go on: nodes tell each other how long ago Redis answered (`heard`). What is not known counts against
 * it. `beats.ts` owns it and ticks each second.
 */
import type { NodeId } from './link-message.ts'
import type { Sightings } from './sightings.ts'

/** So long after a beat that was answered nobody has found this node dead: it takes 10 s, on a clock of another machine. */
export const PROOF_MS = 9500
/** Redis has never answered. */
const NEVER_MS = 2 ** 40
/** What a node said is what it is for so long; it says it each second. */
const FRESH_MS = 3000
/** Beats and what is told of them differ by so much, though Redis went away for all at once. */
const APART_MS = 3000
/** After so long without an answer, it is known whether another node has had one. */
const TOLD_MS = 7000
/** After Redis is back for another node, it needs 10 s of beats to find this one dead: half of it, to be sure. */
const SHARED_MS = 5000
/** Longer between two ticks: this process did not run. What was told meanwhile may be old. */
const PAUSE_MS = 2500
/** After a pause, what was told before is read within it. */
const CATCH_UP_MS = 1000

export interface ProofParts {
  readonly monotonic: () => number
  /** The other nodes that live, as far as is known; a silent one cannot have heard of Redis. */
  readonly others: Pick<Sightings, 'living' | 'isSilent'>
}

export type Reach =
  /** Redis answers, or is away for every node that is known. */
  | 'fine'
  /** Another node reaches Redis. */
  | 'alone'
  /** It is not known how it is for another node. */
  | 'unknown'

export class Proof {
  readonly #parts: ProofParts
  /** When another node last said how it is. */
  readonly #heardMs = new Map<NodeId, number>()
  /** When Redis last answered any other, as far as they have said. */
  #elsewhereMs = Number.NEGATIVE_INFINITY
  /** Those that have ended, as long as they count as others. */
  readonly #ended = new Set<NodeId>()
  /** When the last beat that was answered had been sent. */
  #beatMs = Number.NEGATIVE_INFINITY
  /** When Redis was last known to be away for all. */
  #sharedMs = Number.NEGATIVE_INFINITY
  #tickedMs = Number.NEGATIVE_INFINITY
  #trustedFromMs = 0

  constructor(parts: ProofParts) {
    this.#parts = parts
  }

  get redisAgeMs(): number {
    return Math.min(this.#parts.monotonic() - this.#beatMs, NEVER_MS)
  }

  get holds(): boolean {
    const now = this.#parts.monotonic()
    return now - this.#beatMs < PROOF_MS || now - this.#sharedMs < SHARED_MS
  }

  answered(sentMs: number): void {
    const beforeMs = this.#beatMs
    this.#beatMs = Math.max(beforeMs, sentMs)
    const others = new Set([...this.#parts.others.living()].map(({ id }) => id))
    for (const id of this.#ended) if (!others.has(id)) this.#ended.delete(id)
    // One that was heard may not have been seen to beat yet; by now it would have been.
    for (const [id, heardMs] of this.#heardMs) if (heardMs < beforeMs && !others.has(id)) this.#heardMs.delete(id)
  }

  /** Another node tells how long ago Redis answered it. */
  heard(id: NodeId, redisAgeMs: number): void {
    const heardMs = this.#parts.monotonic()
    this.#heardMs.set(id, heardMs)
    this.#elsewhereMs = Math.max(this.#elsewhereMs, heardMs - redisAgeMs)
  }

  /** It has ended, and has no rooms nor takes any. */
  ended(id: NodeId): void {
    this.#ended.add(id)
  }

  /** Once a second. */
  tick(): Reach {
    const now = this.#parts.monotonic()
    if (now - this.#tickedMs > PAUSE_MS) this.#paused(now)
    this.#tickedMs = now
    const reach = this.#reach(now)
    // Before Redis has ever answered, nothing is known of others.
    const wasReached = this.#beatMs > Number.NEGATIVE_INFINITY
    if (reach === 'fine' && wasReached && now - this.#beatMs >= TOLD_MS && now >= this.#trustedFromMs)
      this.#sharedMs = now
    return reach
  }

  /** The others, also those that were heard and not seen to beat, of which it is not known how Redis is for them. */
  *unheard(): Generator<NodeId> {
    const now = this.#parts.monotonic()
    const others = new Set(this.#heardMs.keys())
    for (const { id } of this.#parts.others.living()) others.add(id)
    for (const id of others) if (!this.#ended.has(id) && !this.#isFresh(this.#heardMs.get(id), now)) yield id
  }

  #reach(now: number): Reach {
    if (this.#elsewhereMs > this.#beatMs + APART_MS) return 'alone'
    if (now - this.#beatMs < APART_MS) return 'fine'
    for (const id of this.unheard()) if (!this.#parts.others.isSilent(id)) return 'unknown'
    return 'fine'
  }

  #isFresh(heardMs: number | undefined, now: number): boolean {
    return heardMs !== undefined && now - heardMs <= FRESH_MS && heardMs >= this.#trustedFromMs
  }

  #paused(now: number): void {
    for (const id of this.#heardMs.keys()) this.#heardMs.set(id, Number.NEGATIVE_INFINITY)
    this.#elsewhereMs = Number.NEGATIVE_INFINITY
    this.#trustedFromMs = now + CATCH_UP_MS
  }
}
