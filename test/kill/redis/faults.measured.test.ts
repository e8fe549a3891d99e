/**
 * The same as `faults.test.ts` for longer, with figures (catalogue: RR3): how long answers take, after what time all goes
 * on, and what does not stop meanwhile.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../../support/components.ts'
import { bound, tell } from '../../support/figures.ts'
import { FAULTS } from './faults.ts'
import { FaultStage } from './stage.ts'

const command = need('redis') ?? ''
let stage: FaultStage

afterEach(() => stage.remove())

const cases = Object.entries(FAULTS).flatMap(
  ([
    name,
    {
      provoke,
      ms: [, many],
    },
  ]) => many.map((ms) => [`${name}, for ${ms / 1000} s`, provoke, ms] as const),
)

describe('a Redis', () => {
  it.each(cases)('%s', async (name, provoke, ms) => {
    stage = await FaultStage.make(command)
    await stage.begin()
    await stage.fault(() => provoke(stage, ms))
    const outcome = await stage.judge()
    process.stdout.write(`${name}: ${JSON.stringify(outcome)}\n`)
    expect(outcome).toMatchObject({ anomalies: [], lost: 0, told: 0 })
    tell('RR3', `${name}: messages acknowledged`, outcome.acked)
    tell('RR3', `${name}: pages that could not be read`, `${outcome.failedReads} of ${outcome.reads}`)
    bound('RR3', `${name}: longest wait for an answer, in ms`, outcome.longestMs, 5000)
    bound('RR3', `${name}: ms until all went on`, outcome.recoveryMs, 3000)
    bound('RR3', `${name}: longest silence of broadcasts, in ms`, outcome.silenceMs, 5000)
    bound('RR3', `${name}: the same in a room beside`, outcome.silenceBesideMs, 1000)
  })
})
