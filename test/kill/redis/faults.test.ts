/**
 * A Redis that fails under a server and its clients, and keeps its word: nothing that was acknowledged is lost, nothing is
 * doubled, everyone hears everything in one order, and all goes on by itself. `faults.measured.test.ts` measures it.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../../support/components.ts'
import { FAULTS } from './faults.ts'
import { FaultStage } from './stage.ts'

const command = need('redis') ?? ''
let stage: FaultStage

afterEach(() => stage.remove())

describe('a Redis', () => {
  it.each(Object.entries(FAULTS))('%s', async (_, { provoke, ms: [few] }) => {
    stage = await FaultStage.make(command)
    await stage.begin()
    await stage.fault(() => provoke(stage, few))
    const outcome = await stage.judge()
    expect(outcome).toMatchObject({ anomalies: [], lost: 0, told: 0 })
  })
})
