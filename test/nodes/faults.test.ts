/**
 * What happens to a room and everyone in it when its node is killed, stopped or frozen, and when its Redis has lost writes,
 * under load at all nodes. For all that can happen, for longer, and with figures: `faults.measured.test.ts`.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { FAULTS } from './faults.ts'
import { NodesStage } from './stage.ts'

const SOME = [
  'the owner is killed',
  'the owner is stopped by SIGTERM',
  'the owner is frozen and comes back',
  'Redis loses its last writes',
]

const command = need('redis') ?? ''
let stage: NodesStage | undefined

afterEach(async () => {
  await stage?.remove()
  stage = undefined
})

describe.each(SOME)('%s', (name) => {
  it('loses nothing, doubles nothing, and everyone hears one order without a gap', async () => {
    const fault = FAULTS[name]
    if (!fault) throw new Error(`expected "${name}" in faults.ts`)
    stage = await NodesStage.make(command, fault.setup)
    const begun = stage
    await begun.begin(0)
    expect(await begun.cluster.ownerOf('/room')).toBe(0)
    await begun.fault(() => fault.provoke(begun, fault.ms[0]))
    expect(await begun.judge()).toMatchObject({ anomalies: [], told: 0 })
  })
})
