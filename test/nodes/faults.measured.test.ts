/** What can happen to nodes, each for as long as it takes, with figures (catalogue: ND1). */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { FAULTS } from './faults.ts'
import { needMachines } from './machines.ts'
import { NodesStage } from './stage.ts'

const command = need('redis') ?? ''
let stage: NodesStage | undefined

afterEach(async () => {
  await stage?.remove()
  stage = undefined
})

describe.each(Object.entries(FAULTS))('%s', (name, { setup = {}, keeps, withinMs, ms: [, ms], provoke }) => {
  if (setup.hasMachines) needMachines()

  it(`for ${ms / 1000} s`, async () => {
    stage = await NodesStage.make(command, setup)
    const begun = stage
    await begun.begin(0)
    expect(await begun.cluster.ownerOf('/room')).toBe(0)
    await begun.fault(() => provoke(begun, ms))
    const outcome = await begun.judge()
    process.stdout.write(`${name}: ${JSON.stringify(outcome)}\n`)
    expect(outcome).toMatchObject({ anomalies: [], told: 0 })
    expect(keeps.map((at) => outcome.losses[at])).toEqual(keeps.map(() => 0))
    tell('ND1', `${name}: messages acknowledged`, outcome.acked)
    tell('ND1', `${name}: longest wait for an answer, in ms`, outcome.longestMs)
    if (withinMs) bound('ND1', `${name}: ms until all went on`, outcome.fromBeginMs, withinMs)
    else tell('ND1', `${name}: ms from its end until all went on`, outcome.fromEndMs)
    tell('ND1', `${name}: longest silence of broadcasts, in ms, by node`, outcome.silenceMs.map(Math.round).join(' '))
  })
})
