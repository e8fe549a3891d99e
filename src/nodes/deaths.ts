/**
 * Whose rooms may be taken: of nodes that are dead by their beats, and of those that could not be dialled and do not answer
 * through Redis either. Nobody takes a room from a node that lives. `owners.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import type { NodeId } from './link-message.ts'
import type { Roster } from './roster.ts'

/** So long it counts that a node was not dialled, that it did not answer, and that it did. By then it is asked again. */
const COUNTS_MS = { refused: 2000, silent: 3000, answered: 500 }

interface Answer {
  readonly answers: boolean
  readonly atMs: number
}

export interface DeathsParts {
  readonly clock: Clock
  readonly roster: Pick<Roster, 'self' | 'get' | 'isDead' | 'movedMs' | 'answers'>
}

export class Deaths {
  readonly #parts: DeathsParts
  readonly #refusedMs = new Map<NodeId, number>()
  readonly #answers = new Map<NodeId, Answer>()
  readonly #asking = new Map<NodeId, Promise<boolean>>()

  constructor(parts: DeathsParts) {
    this.#parts = parts
  }

  /** It could not be dialled: nobody listens there, or another node does. A hint, not a proof. */
  refused(node: NodeId): void {
    const { clock } = this.#parts
    for (const [each, atMs] of this.#refusedMs)
      if (!counts(clock, atMs, COUNTS_MS.refused)) this.#refusedMs.delete(each)
    this.#refusedMs.set(node, clock.monotonic())
  }

  /** What is known without asking: whether its rooms may be taken now. */
  isGone(node: NodeId): boolean {
    const { clock, roster } = this.#parts
    if (node === roster.self) return false
    if (roster.isDead(node)) return true
    const answer = this.#answers.get(node)
    if (answer?.answers !== false || !counts(clock, answer.atMs, COUNTS_MS.silent)) return false
    // It lives: it could not hear, or be heard, when it was asked.
    return (roster.movedMs(node) ?? 0) <= answer.atMs
  }

  /** The same, asked through Redis where there is a doubt. */
  async judge(node: NodeId): Promise<boolean> {
    if (this.isGone(node)) return true
    if (node === this.#parts.roster.self || !this.#isDoubted(node)) return false
    const asking = this.#asking.get(node) ?? this.#ask(node)
    this.#asking.set(node, asking)
    return !(await asking)
  }

  #isDoubted(node: NodeId): boolean {
    const { clock, roster } = this.#parts
    const answer = this.#answers.get(node)
    if (answer?.answers && counts(clock, answer.atMs, COUNTS_MS.answered)) return false
    // One that was never seen may have just begun to beat.
    return !roster.get(node) || this.#isRefused(node)
  }

  #isRefused(node: NodeId): boolean {
    const refusedMs = this.#refusedMs.get(node)
    return refusedMs !== undefined && counts(this.#parts.clock, refusedMs, COUNTS_MS.refused)
  }

  async #ask(node: NodeId): Promise<boolean> {
    const { clock, roster } = this.#parts
    try {
      // No answer says nothing of a node that was not refused: Redis may be away for it, for a moment.
      const answers = (await roster.answers(node)) || !(this.#isRefused(node) || roster.isDead(node))
      for (const [each, { atMs }] of this.#answers)
        if (!counts(clock, atMs, COUNTS_MS.silent)) this.#answers.delete(each)
      this.#answers.set(node, { answers, atMs: clock.monotonic() })
      return answers
    } finally {
      this.#asking.delete(node)
    }
  }
}

function counts(clock: Clock, atMs: number, ms: number): boolean {
  return clock.monotonic() - atMs < ms
}
