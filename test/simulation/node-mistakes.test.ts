/** The simulation of three nodes finds the mistakes that are planted in them, by one of its first seeds. */
import { expect, it } from 'vitest'
import { CompiledScripts } from '../support/redis-model/script.ts'
import { NODE_MISTAKES } from './node-mistakes.ts'
import { simulate } from './simulation.ts'

const SEEDS = 40
const STEPS = 15_000

it.each(Object.entries(NODE_MISTAKES))('%s: it is found', async (_, { plant, ...mistake }) => {
  const compiled = new CompiledScripts()
  const takeOut = plant?.()
  let found: readonly string[] = []
  try {
    for (let seed = 1; seed <= SEEDS && found.length === 0; seed += 1)
      found = (await simulate(seed, STEPS, { compiled, machines: 3, ...mistake })).broken
  } finally {
    takeOut?.()
  }
  expect(found).not.toEqual([])
})
