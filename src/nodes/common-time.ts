/**
 * The time that all nodes have in common: of two connections of one client, at two nodes, it says which began later. Each
 * node runs it by its own monotonic clock, so that no clock that jumps moves it, Redis' neither. A node says it with each
 * beat. One that has just started takes it from what was said last and from how long ago that was by Redis' clock: that may
 * have jumped meanwhile, so it looks twice. Where no node has one, it begins as Redis' time. `beats.ts` owns it.
 */
import type { SaidTime } from './beat-reply.ts'

/** A node that is not sure beats again after so long; others beat when it asks. */
const AGAIN_MS = 50
/** Who knew it so long ago lives no more. */
const STALE_MS = 60_000
/** A node that has not found two looks that agree, though another may live, goes by its last. */
const LONGEST_MS = 4000
/** A beat that took longer than this, and than others did, was held up: what it tells is old by as much. */
const QUICK_MS = 100
/** What two beats tell differs by less, beside the time that they took. */
const APART_MS = 5
/** It is behind if so many beats in a row say so: a jump of Redis' clock is seen by one. */
const BEHIND_BEATS = 5

/** What an answered beat tells of the time, on the monotonic clock of this process. */
export interface TimeAnswer {
  readonly sentMs: number
  readonly answeredMs: number
  /** By Redis' clock. */
  readonly redisMs: number
  /** `undefined`: nobody has said it. */
  readonly said: SaidTime | undefined
  /** No other node that knows it lives, as far as is known. */
  readonly isAlone: boolean
}

/** What was told while this node is not sure. */
interface Look {
  readonly said: SaidTime
  /** What the time would be at 0 of the monotonic clock, or a little more. */
  readonly offsetMs: number
  readonly tookMs: number
}

export class CommonTime {
  /** Resolves when this node knows it. */
  readonly known: Promise<void>
  /** Others agree, or there are none. */
  isSure = false
  /** When a further beat tells more. */
  dueMs = Number.POSITIVE_INFINITY
  readonly #know: () => void
  /** What it is at 0 of the monotonic clock. */
  #offsetMs = 0
  #firstMs: number | undefined
  #hasBegun = false
  #look: Look | undefined
  #quickestMs = Number.POSITIVE_INFINITY
  #followed: SaidTime | undefined
  /** By how much others were ahead of it at the last beats. */
  #leadsMs: number[] = []

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.known = promise
    this.#know = resolve
  }

  /** What it is, once it is known, at a moment of the monotonic clock. */
  at(monotonicMs: number): number {
    return Math.floor(this.#offsetMs + monotonicMs)
  }

  /** What others may take for it; 0: this node is not sure. */
  said(monotonicMs: number): number {
    return this.isSure ? this.at(monotonicMs) : 0
  }

  answered(answer: TimeAnswer): void {
    const { answeredMs, said } = answer
    const wasSure = this.isSure
    if (wasSure && said) this.#follow(said, timeNow(answer, said) - this.at(answeredMs))
    else if (!wasSure && said) this.#find(answer, said)
    else if (!wasSure) this.#begin(answer)
    this.dueMs = wasSure ? Number.POSITIVE_INFINITY : answeredMs + AGAIN_MS
  }

  /** A beat was not answered. */
  failed(): void {
    this.dueMs = Number.POSITIVE_INFINITY
    this.#leadsMs = []
  }

  /** Nobody has said it. Where Redis has lost it, the others say it with their next beat. */
  #begin({ answeredMs, redisMs, isAlone }: TimeAnswer): void {
    this.#firstMs ??= answeredMs
    if (!isAlone && answeredMs - this.#firstMs < LONGEST_MS) return
    if (this.#hasBegun) this.#settle(redisMs - answeredMs)
    this.#hasBegun = true
  }

  #find(answer: TimeAnswer, said: SaidTime): void {
    const { sentMs, answeredMs, redisMs, isAlone } = answer
    const before = this.#look
    const look = { said, offsetMs: timeNow(answer, said) - answeredMs, tookMs: answeredMs - sentMs }
    this.#firstMs ??= answeredMs
    this.#quickestMs = Math.min(this.#quickestMs, look.tookMs)
    if (look.tookMs > Math.max(QUICK_MS, 2 * this.#quickestMs)) return
    this.#look = look
    if (before && agree(before, look)) this.#settle(Math.max(before.offsetMs, look.offsetMs))
    else if (isAlone || answeredMs - this.#firstMs >= LONGEST_MS)
      this.#settle(Math.abs(redisMs - said.redisMs) > STALE_MS ? redisMs - answeredMs : look.offsetMs)
  }

  #settle(offsetMs: number): void {
    this.#offsetMs = offsetMs
    this.isSure = true
    this.#know()
  }

  /** Its clock runs slower than that of others, or stood still; or two groups of nodes have found each other. */
  #follow(said: SaidTime, leadMs: number): void {
    // What was said once counts once.
    if (this.#followed && isSame(this.#followed, said)) return
    this.#followed = said
    if (leadMs <= 0) this.#leadsMs = []
    else this.#leadsMs.push(leadMs)
    if (this.#leadsMs.length < BEHIND_BEATS) return
    this.#offsetMs += Math.min(...this.#leadsMs)
    this.#leadsMs = []
  }
}

/** Unless Redis' clock has jumped since, or went back: no later than it was when the beat was answered. */
function timeNow({ redisMs }: TimeAnswer, said: SaidTime): number {
  return said.timeMs + Math.max(0, redisMs - said.redisMs)
}

/** Two that were said, and not one twice. */
function agree(one: Look, two: Look): boolean {
  return !isSame(one.said, two.said) && Math.abs(one.offsetMs - two.offsetMs) <= one.tookMs + two.tookMs + APART_MS
}

function isSame(one: SaidTime, two: SaidTime): boolean {
  return one.timeMs === two.timeMs && one.redisMs === two.redisMs
}
