/** Alarms of closed rooms whose log cannot be read: it is read again each second, and they are called when it can be. */
import { expect, it } from 'vitest'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { AlarmOpenings } from '../../src/room/alarm-openings.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'

interface Read {
  readonly clock: HandClock
  readonly alarms: () => Promise<never[]>
  readonly errors: unknown[]
}

const openingsOf = ({ clock, alarms, errors }: Read) =>
  new AlarmOpenings({
    clock,
    log: { trouble: undefined, alarms },
    rooms: { at: () => undefined, runAlarms: async () => {} },
    alarmBook: new AlarmBook({ late: () => {} }),
    logger: { debug() {}, info() {}, warn() {}, error: (...said) => void errors.push(said) },
    routeOf: () => undefined,
  })

it('a log that cannot be read is read again after a second, not at once, and said so once', async () => {
  const clock = handClock()
  const errors: unknown[] = []
  let reads = 0
  let isAway = true
  const alarms = async () => {
    reads += 1
    if (isAway) throw new Error('Redis is not connected')
    return []
  }
  const openings = openingsOf({ clock, alarms, errors })
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

it('a log that closes while it is read is no failure', async () => {
  const clock = handClock()
  const errors: unknown[] = []
  const { promise, reject } = Promise.withResolvers<never[]>()
  const openings = openingsOf({ clock, alarms: () => promise, errors })
  openings.start()
  openings.end()
  reject(new Error('the connection has ended'))
  await clock.settled()
  expect(errors).toEqual([])
})
