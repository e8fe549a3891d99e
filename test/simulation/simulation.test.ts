/**
 * A node, its rooms and their clients on the model of Redis, under a clock and a chance from a seed: whatever goes wrong, no
 * promise is broken, and all comes right again. `npm run simulate -- --seed N --steps N` runs more of it.
 */
import { describe, expect, it } from 'vitest'
import { CompiledScripts } from '../support/redis-model/script.ts'
import { simulate } from './simulation.ts'

const SEEDS = [1, 2, 3, 4]
const STEPS = 15_000

describe('a simulation', () => {
  const compiled = new CompiledScripts()

  it.each(SEEDS)('of seed %i keeps all promises', async (seed) => {
    const { broken, counts, steps } = await simulate(seed, STEPS, { compiled })
    expect(broken).toEqual([])
    expect(steps).toBeGreaterThanOrEqual(STEPS)
    for (const count of [counts.acks, counts.events, counts.offsets]) expect(count).toBeGreaterThan(50)
  })

  it('does the same again with the same seed, and something else with another', async () => {
    const [first, second, other] = [await simulate(5, 1), await simulate(5, 1), await simulate(6, 1)]
    expect(second.hash).toBe(first.hash)
    expect(other.hash).not.toBe(first.hash)
  })
})
