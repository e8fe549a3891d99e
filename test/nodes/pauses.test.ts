/** Peers that come in just after a node was frozen wait a moment: their connections may have ended long ago. */
import { expect, it } from 'vitest'
import { Pauses } from '../../src/nodes/edge/pauses.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { Pausable } from '../support/pausable.ts'

it.each(['before', 'after'])('what comes %s the timers, when a pause is over, waits', async (when) => {
  const clock = handClock()
  const process = new Pausable(clock)
  const pauses = new Pauses(process.clock)
  await clock.advance(10_000)
  expect(pauses.caughtUp()).toBeUndefined()
  process.pause()
  await clock.advance(5000)
  const early = when === 'before' ? pauses.caughtUp() : undefined
  process.goOn()
  await clock.advance(0)
  const caughtUp = early ?? pauses.caughtUp()
  expect(caughtUp).toBeInstanceOf(Promise)
  await clock.advance(100)
  await caughtUp
  expect(pauses.caughtUp()).toBeUndefined()
})
