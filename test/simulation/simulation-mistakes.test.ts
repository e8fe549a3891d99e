/** The simulation finds the mistakes that are planted in the scripts of the log, by one of its first seeds. */
import { expect, it } from 'vitest'
import { CompiledScripts } from '../support/redis-model/script.ts'
import { MISTAKES } from './mistakes.ts'
import { simulate } from './simulation.ts'

const SEEDS = 40
const STEPS = 15_000

it.each(Object.entries(MISTAKES))('%s: it is found', async (_, altered) => {
  const compiled = new CompiledScripts()
  let found: readonly string[] = []
  for (let seed = 1; seed <= SEEDS && found.length === 0; seed += 1)
    found = (await simulate(seed, STEPS, { compiled, altered })).broken
  expect(found).not.toEqual([])
})
