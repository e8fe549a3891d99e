/**
 * Which nodes live, as this one sees it. A node is dead when its counter has not moved for 10 s of own monotonic time in
 * which own beats were each answered within 1 s; a late answer, or a pause of this process, starts the count anew. No
 * clock is shared and nothing expires by itself. `beats.ts` hands in each answer.
 */
import type { NodeId } from './link-message.ts'
import type { NodeField } from './node-field.ts'
import type { NodeEntry } from './roster.ts'

/** A node whose counter stands still for so long is dead. */
export const DEAD_MS = 10_000
/** A beat is in time if it is answered within it. */
export const IN_TIME_MS = 1000
/** Longer between two beats: this process did not run, and perhaps no other did. */
const PAUSE_MS = 2000
/** A node that lives is seen again within it, also where Redis has lost all. */
const MISSING_MS = 1500
/** A node that does not beat for so long is dialled, to find out whether it has died. */
const STANDS_MS = 2500
/** So long after it did not answer a node that lives has beaten, also if its way to Redis was over for a moment. */
const SILENT_MS = 3000
/** So many ids that nobody has are remembered as dead. */
const MOST_UNKNOWN = 1000

/** When a beat was sent and answered, by the monotonic clock. */
export interface BeatTimes {
  /** Which beat of this node. */
  readonly number: number
  readonly sentMs: number
  readonly answeredMs: number
}

export interface DeadNode {
  readonly id: NodeId
  readonly counter: string
}

interface Sighting {
  field: NodeField
  /** Since when its counter has stood still, or the count began anew. */
  sinceMs: number
  /** When its counter was last seen to have moved. */
  movedMs: number
  /** Since when it is dead. */
  deadMs: number | undefined
  isInRedis: boolean
  /** It has said that it ends. */
  hasLeft: boolean
  /** Since when it is silent. */
  silentMs: number | undefined
  /** It is, and has not beaten for long enough. */
  isSilent: boolean
}

interface Unknown {
  /** After which beat it was asked for. */
  readonly after: number
  /** When the first beat after that was sent. */
  missingMs: number | undefined
  isDead: boolean
}

export class Sightings {
  readonly #seen = new Map<NodeId, Sighting>()
  /** Ids that were asked for and not seen; dead once later beats do not show them for long enough. */
  readonly #unknown = new Map<NodeId, Unknown>()
  #sentMs = Number.NEGATIVE_INFINITY

  /** A beat was answered. Returns the nodes that are dead from now on. */
  answered({ number, sentMs, answeredMs }: BeatTimes, nodes: ReadonlyMap<NodeId, NodeField>): NodeId[] {
    const isInTime = answeredMs - sentMs <= IN_TIME_MS
    const isSteady = isInTime && sentMs - this.#sentMs <= PAUSE_MS
    this.#sentMs = sentMs
    for (const [id, field] of nodes) this.#see(id, field, answeredMs)
    const died: NodeId[] = []
    for (const [id, sighting] of this.#seen) {
      sighting.isInRedis = nodes.has(id)
      if (sighting.deadMs !== undefined) continue
      if (sighting.hasLeft && !sighting.isInRedis && isInTime) sighting.deadMs = answeredMs
      else if (!isSteady) sighting.sinceMs = answeredMs
      else if (sentMs - sighting.sinceMs >= DEAD_MS) sighting.deadMs = answeredMs
      if (sighting.deadMs !== undefined) died.push(id)
      const stoodMs = sentMs - Math.max(sighting.sinceMs, sighting.silentMs ?? sentMs)
      sighting.isSilent ||= stoodMs >= SILENT_MS
    }
    this.#forget()
    died.push(...this.#missing(number, sentMs))
    return died
  }

  /** A beat was not answered: what stood still meanwhile is no sign. */
  startAnew(nowMs: number): void {
    for (const sighting of this.#seen.values()) sighting.sinceMs = nowMs
    for (const unknown of this.#unknown.values()) unknown.missingMs = undefined
  }

  /** It has said that it ends: it is dead once Redis does not have it any more. */
  left(id: NodeId): void {
    const sighting = this.#seen.get(id)
    if (sighting) sighting.hasLeft = true
  }

  get(id: NodeId): NodeEntry | undefined {
    const sighting = this.#seen.get(id)
    return sighting?.deadMs === undefined ? sighting?.field.entry : undefined
  }

  /** When it was last seen to beat; `undefined`: it does not live. */
  movedMs(id: NodeId): number | undefined {
    const sighting = this.#seen.get(id)
    return sighting?.deadMs === undefined ? sighting?.movedMs : undefined
  }

  /** '': it was never seen. */
  counterOf(id: NodeId): string {
    return this.#seen.get(id)?.field.counter ?? ''
  }

  *living(): Iterable<NodeEntry> {
    for (const { field, deadMs } of this.#seen.values()) if (deadMs === undefined) yield field.entry
  }

  /**
   * Whether it is dead. Of an id that was never seen only beats that are sent after this question tell: it may just have
   * started, or Redis may have lost all, until it beats again. `beats`: how many were sent.
   */
  state(id: NodeId, beats: number): 'dead' | 'alive' | 'unknown' {
    const sighting = this.#seen.get(id)
    if (sighting) return sighting.deadMs === undefined ? 'alive' : 'dead'
    const unknown = this.#unknown.get(id)
    if (unknown) return unknown.isDead ? 'dead' : 'unknown'
    this.#remember(id, beats, false)
    return 'unknown'
  }

  /** Those that live as far as is known, and have not beaten lately. */
  *standing(nowMs: number): Generator<NodeId> {
    for (const [id, { sinceMs, deadMs }] of this.#seen)
      if (deadMs === undefined && nowMs - sinceMs >= STANDS_MS) yield id
  }

  /** It refused a link, and did not answer through Redis either. */
  silent(id: NodeId, nowMs: number): void {
    const sighting = this.#seen.get(id)
    if (sighting) sighting.silentMs ??= nowMs
  }

  /** Whether it was silent, and Redis has shown since that it does not beat: it has died, or Redis is away for it. */
  isSilent(id: NodeId): boolean {
    return this.#seen.get(id)?.isSilent === true
  }

  /** Another that knows the time of all may live. */
  get canTellTime(): boolean {
    const isThere = ({ deadMs, silentMs }: Sighting) => deadMs === undefined && silentMs === undefined
    return [...this.#seen.values()].some((sighting) => isThere(sighting) && sighting.field.entry.knowsTime)
  }

  /** Nodes that have been dead for so long and are still in Redis. */
  deadFor(ms: number, nowMs: number): DeadNode[] {
    return [...this.#seen]
      .filter(([, { deadMs, isInRedis }]) => isInRedis && deadMs !== undefined && nowMs - deadMs >= ms)
      .map(([id, { field }]) => ({ id, counter: field.counter }))
  }

  /** When the next node would be dead, if its counter stands still until then. */
  get nextDeathMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { sinceMs, deadMs } of this.#seen.values())
      if (deadMs === undefined) next = Math.min(next, sinceMs + DEAD_MS)
    return next
  }

  #see(id: NodeId, field: NodeField, nowMs: number): void {
    this.#unknown.delete(id)
    const sighting = this.#seen.get(id)
    if (!sighting) {
      this.#seen.set(id, {
        field,
        sinceMs: nowMs,
        movedMs: nowMs,
        deadMs: undefined,
        isInRedis: true,
        hasLeft: false,
        silentMs: undefined,
        isSilent: false,
      })
      return
    }
    // A Redis that has lost writes has an earlier counter.
    if (sighting.field.counter !== field.counter) {
      sighting.sinceMs = nowMs
      sighting.movedMs = nowMs
      sighting.deadMs = undefined
      sighting.silentMs = undefined
      sighting.isSilent = false
    }
    sighting.field = field
  }

  /** Who is dead and gone from Redis. */
  #forget(): void {
    for (const [id, { deadMs, isInRedis }] of this.#seen)
      if (deadMs !== undefined && !isInRedis) {
        this.#seen.delete(id)
        this.#remember(id, 0, true)
      }
  }

  #remember(id: NodeId, after: number, isDead: boolean): void {
    const [oldest] = this.#unknown.keys()
    if (this.#unknown.size >= MOST_UNKNOWN && oldest !== undefined) this.#unknown.delete(oldest)
    this.#unknown.set(id, { after, missingMs: undefined, isDead })
  }

  #missing(number: number, sentMs: number): NodeId[] {
    const missing: NodeId[] = []
    for (const [id, unknown] of this.#unknown) {
      if (unknown.isDead || unknown.after >= number) continue
      unknown.missingMs ??= sentMs
      if (sentMs - unknown.missingMs < MISSING_MS) continue
      unknown.isDead = true
      missing.push(id)
    }
    return missing
  }
}
