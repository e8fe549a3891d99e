/** Alarms of closed rooms whose log cannot be read: it is read again each second, and they are called when it can be. */
import { expect, it } from 'vitest'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { AlarmOpenings } from '../../src/room/alarm-openings.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

it('a log that cannot be read is read again after a second, not at once, and said so once', async () => {
  const clock = handClock()
  const errors: unknown[] = []
  let reads = 0
  let isAway = true
  const openings = new AlarmOpenings({
    clock,
    log: {
      trouble: undefined,
      alarms: async () => {
        reads += 1
        if (isAway) throw new Error('Redis is not connected')
        return []
      },
    },
    rooms: { at: () => undefined, runAlarms: async () => {} },
    alarmBook: new AlarmBook({ late: () => {} }),
    logger: { debug() {}, info() {}, warn() {}, error: (...said) => void errors.push(said) },
    routeOf: () => undefined,
  })
  openings.start()
  await clock.settled()
  expect(reads).toBe(1)
  await clock.advance(999)
  expect(reads).toBe(1)
  await clock.advance(9001)
  expect([reads, errors.length]).toEqual([11, 1])
  isAway = false
  await clock.advance(1000)
  expect(reads).toBe(12)
  await clock.advance(10_000)
  expect(reads).toBe(12)
  openings.end()
})
