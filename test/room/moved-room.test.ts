/** A room that is handed over to another node: its peers stay connected, and nothing that they said is left unanswered. */
import { expect, it } from 'vitest'
import { Close } from '../../src/errors.ts'
import { inMemory } from '../support/places.ts'
import { StepStage } from '../support/step-stage.ts'

it('answers a message whose handler does not end in time, before its peers go', async () => {
  const calls: string[] = []
  const stage = await StepStage.open(inMemory(), {
    do: { hang: () => new Promise(() => {}), say: (_, room) => room.publish('said', 'kept') },
    leave: () => void calls.push('leave'),
    close: () => void calls.push('close'),
  })
  stage.join('ann')
  stage.join('bob')
  stage.say('bob', 'say', 'b')
  stage.say('ann', 'hang', 'a')
  const closed = stage.room.close(Close.moved)
  await stage.settled()
  await stage.clock.advance(2000)
  await closed
  expect(stage.heard('ann')).toEqual(['said kept', 'error a unavailable', 'closed 1012'])
  expect(stage.heard('bob')).toEqual(['said kept', 'ack b 1', 'closed 1012'])
  expect(calls).toEqual(['close'])
})
