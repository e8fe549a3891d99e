/**
 * Three nodes, their rooms and the clients of all on the model of Redis, under a clock and a chance from a seed: whatever goes
 * wrong, no promise is broken, and all comes right again. A seed does the same each time, to the byte.
 */
import { expect, it } from 'vitest'
import { CompiledScripts } from '../support/redis-model/script.ts'
import { simulate } from './simulation.ts'

const STEPS = 25_000

const compiled = new CompiledScripts()

it.each([1, 2, 3, 4])('a simulation of three nodes, of seed %i, keeps all promises', async (seed) => {
  const setting = { compiled, machines: 3 }
  const { broken, counts, hash, steps } = await simulate(seed, STEPS, setting)
  expect(broken).toEqual([])
  expect(steps).toBeGreaterThanOrEqual(STEPS)
  for (const count of [counts.acks, counts.events, counts.offsets]) expect(count).toBeGreaterThan(20)
  expect((await simulate(seed, STEPS, setting)).hash).toBe(hash)
})
