/** Chance from a seed, for a whole server: what it drew once it draws again. `random.ts` has the numbers. */
import type { Random } from '../../src/random.ts'
import { seeded } from './random.ts'

export function seededRandom(seed: number): Random {
  const { next, below } = seeded(seed)
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => below(256)))
  return {
    bytes,
    fraction: next,
    id() {
      const hex = bytes(16).toString('hex')
      return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
    },
  }
}
