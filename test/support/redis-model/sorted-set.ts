/** A sorted set: members by score, then by their bytes. */
import type { Owner } from './values.ts'

export interface Scored {
  readonly member: string
  readonly score: number
}

export class SortedSet {
  readonly type = 'zset'
  readonly owner: Owner
  readonly scores: Map<string, number>
  readonly sorted: Scored[]

  constructor(owner: Owner, scores = new Map<string, number>(), sorted: Scored[] = []) {
    this.owner = owner
    this.scores = scores
    this.sorted = sorted
  }

  get isEmpty(): boolean {
    return this.scores.size === 0
  }

  /** Whether the member is new. */
  set(member: string, score: number): boolean {
    const known = this.scores.get(member)
    if (known === score) return false
    if (known !== undefined) this.#take(member, known)
    this.scores.set(member, score)
    this.sorted.splice(this.#place(member, score), 0, { member, score })
    return known === undefined
  }

  /** Whether it was a member. */
  delete(member: string): boolean {
    const known = this.scores.get(member)
    if (known === undefined) return false
    this.#take(member, known)
    this.scores.delete(member)
    return true
  }

  copy(owner: Owner): SortedSet {
    return new SortedSet(owner, new Map(this.scores), this.sorted.slice())
  }

  contents(): unknown {
    return this.sorted.map(({ member, score }) => [member, score])
  }

  #take(member: string, score: number): void {
    this.sorted.splice(this.#place(member, score), 1)
  }

  #place(member: string, score: number): number {
    let [low, high] = [0, this.sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.sorted[middle]
      if (at && (at.score < score || (at.score === score && at.member < member))) low = middle + 1
      else high = middle
    }
    return low
  }
}
