/** The bound for what may never end: it settles once, leaves no timer, and a late rejection is nobody's surprise. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Clock } from '../src/clock.ts'
import { handClock } from '../src/testing/hand-clock.ts'
import { within } from '../src/within.ts'

const surprises: unknown[] = []
const surprise = (error: unknown) => void surprises.push(error)
beforeEach(() => void process.on('unhandledRejection', surprise))
afterEach(() => {
  process.off('unhandledRejection', surprise)
  expect(surprises.splice(0)).toEqual([])
})

/** A clock that knows how many of its timers are to come. */
function counted() {
  const hand = handClock()
  const pending = new Set<object>()
  const clock: Clock = {
    ...hand,
    after(ms, fn) {
      const timer = {}
      pending.add(timer)
      const cancel = hand.after(ms, () => {
        pending.delete(timer)
        fn()
      })
      return () => {
        pending.delete(timer)
        cancel()
      }
    },
  }
  return { clock, pending, advance: hand.advance }
}

const late = () => 'late'
const failed = () => {
  throw new Error('too late')
}

it('settles as the promise does, and leaves no timer', async () => {
  const { clock, pending } = counted()
  expect(await within(clock, 1000, Promise.resolve('in time'), late)).toBe('in time')
  await expect(within(clock, 1000, Promise.reject(new Error('broken')), late)).rejects.toThrow('broken')
  expect(pending.size).toBe(0)
})

it('settles with the given value after the given time, and not before', async () => {
  const { clock, pending, advance } = counted()
  let settled: unknown
  void within(clock, 1000, new Promise(() => {}), late).then((value) => {
    settled = value
  })
  const refused = within(clock, 1000, new Promise(() => {}), failed)
  refused.catch(() => {})
  await advance(999)
  expect(settled).toBe(undefined)
  await advance(1)
  expect(settled).toBe('late')
  await expect(refused).rejects.toThrow('too late')
  expect(pending.size).toBe(0)
})

it('hears what ends after it, so that a late rejection is handled', async () => {
  const { clock, advance } = counted()
  const { promise, reject } = Promise.withResolvers<string>()
  const settled = within(clock, 1000, promise, late)
  await advance(1000)
  expect(await settled).toBe('late')
  reject(new Error('long after'))
  await new Promise(setImmediate)
})

it('takes time that is over for now', async () => {
  const { clock, advance } = counted()
  const settled = within(clock, -5, new Promise(() => {}), late)
  await advance(0)
  expect(await settled).toBe('late')
})
