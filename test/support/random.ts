/** Random numbers from a seed (mulberry32), so that a failing run can be run again by its seed. */
export interface Dice {
  /** 0 ≤ x < 1. */
  next(): number
  /** A whole number, 0 ≤ x < `below`. */
  below(below: number): number
  /** True once in `times`. */
  oneIn(times: number): boolean
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T
}

export function seeded(seed: number): Dice {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { next, below, oneIn: (times) => below(times) === 0, pick: (list) => list[below(list.length)] as never }
}
