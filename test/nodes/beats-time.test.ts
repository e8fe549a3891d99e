/** The time that nodes have in common: of two connections of one client it says which began later. */
import { expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

it('never goes back, on any node, when the clock of Redis does, or Redis has lost all', async () => {
  const stage = beatsStage()
  const { model } = stage.host
  const one = await stage.node()
  await stage.pass(1500)
  const before = one.beats.redisNow()
  model.faults.clockErrorMs = -60_000
  await stage.pass(1000)
  const two = await stage.node()
  await stage.pass(1000)
  const [early, late] = [one.beats.redisNow(), two.beats.redisNow()]
  for (const now of [early, late]) expect(now - before).toBeGreaterThanOrEqual(2000)
  expect(Math.abs(late - early)).toBeLessThan(100)
  model.lose()
  await stage.pass(2000)
  const three = await stage.node()
  expect(three.beats.redisNow()).toBeGreaterThanOrEqual(late + 2000)
})

it('goes forward with the clock of Redis', async () => {
  const stage = beatsStage()
  const one = await stage.node()
  const before = one.beats.redisNow()
  stage.host.model.faults.clockErrorMs = 60_000
  await stage.pass(1500)
  expect(one.beats.redisNow() - before).toBeGreaterThanOrEqual(60_000)
})
