/** A peer whose connection may be lost and found on its way to the room is known again by it, with or without a client id. */
import { expect, it } from 'vitest'
import { eventStage, REJOIN_MS, rawStage } from '../support/session-stage.ts'

it.each([
  ['an event room', eventStage],
  ['a raw room', rawStage],
])('of %s, it is waited for and rejoins', async (_, open) => {
  const stage = await open()
  const lost = stage.join('ann', true, ' there 1')
  const ben = stage.join('ben', true, ' there 2')
  lost.session.gone(true)
  await stage.pass()
  expect(stage.size()).toBe(2)
  const back = stage.join('ann', true, ' there 1')
  back.session.receive(stage.message('back'))
  await stage.pass()
  expect(stage.calls).toEqual(['join ann', 'join ben', 'drop ann', 'rejoin ann', 'heard ann back'])
  ben.session.gone(false)
  await stage.pass()
  expect(stage.size()).toBe(1)
  back.session.gone(true)
  await stage.pass(REJOIN_MS)
  expect([stage.size(), stage.calls.at(-1)]).toEqual([0, 'leave ann'])
})
