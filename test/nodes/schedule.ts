/**
 * Messages that are due at a rate, one speaker after the other, whether those before were answered or not: a load that does
 * not slow down with what it loads. What became due while this process was busy is said late, and its wait counts from
 * the time when it was due.
 */
import type { DueMessage, RawSpeaker } from './raw-speaker.ts'

const TICK_MS = 2

export class Schedule {
  readonly #speakers: readonly RawSpeaker[]
  readonly #everyMs: number
  readonly #timer: NodeJS.Timeout
  #nextMs = performance.now()
  #count = 0

  /** Begins at once. */
  constructor(speakers: readonly RawSpeaker[], perSecond: number) {
    this.#speakers = speakers
    this.#everyMs = 1000 / perSecond
    this.#timer = setInterval(() => this.#sayDue(), TICK_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #sayDue(): void {
    const now = performance.now()
    for (; this.#nextMs <= now; this.#nextMs += this.#everyMs) {
      this.#speakers[this.#count % this.#speakers.length]?.sayDue(this.#nextMs)
      this.#count += 1
    }
  }
}

/** What became of all that was due in a time. */
export class Carried {
  /** From the time when each was due until its ack. */
  readonly waitsMs: readonly number[]
  readonly offeredPerSecond: number
  /** Acknowledged in that time, also of what was due before. */
  readonly perSecond: number
  /** The longest time without an ack for any one speaker. */
  readonly silenceMs: number

  constructor(speakers: readonly RawSpeaker[], fromMs: number, toMs: number) {
    const isIn = (ms: number | undefined): ms is number => ms !== undefined && ms >= fromMs && ms < toMs
    const all = speakers.map(({ due }) => due)
    const due = all.flat().filter(({ dueMs }) => isIn(dueMs))
    const rate = (count: number) => (count * 1000) / (toMs - fromMs)
    this.waitsMs = due.map(({ dueMs, ackedMs = Number.POSITIVE_INFINITY }) => ackedMs - dueMs)
    this.offeredPerSecond = rate(due.length)
    this.perSecond = rate(all.flat().filter(({ ackedMs }) => isIn(ackedMs)).length)
    this.silenceMs = Math.max(...all.map((each) => longestGap(each, isIn)))
  }

  get share(): number {
    return this.perSecond / this.offeredPerSecond
  }
}

function longestGap(due: readonly DueMessage[], isIn: (ms: number | undefined) => ms is number): number {
  const acks = due.map(({ ackedMs }) => ackedMs).filter(isIn)
  const sorted = acks.sort((a, b) => a - b)
  return Math.max(0, ...sorted.slice(1).map((ms, at) => ms - (sorted[at] ?? ms)))
}
