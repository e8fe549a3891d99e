/** The clock of a server of which a test says when a second is over; all else takes its time. For pings between steps. */
import { type Clock, systemClock } from '../../src/clock.ts'

const SECOND_MS = 1000

export interface SteppedClock {
  readonly clock: Clock
  /** Does what the server does each second. */
  second(): void
}

export function steppedClock(): SteppedClock {
  const system = systemClock()
  const seconds = new Set<() => void>()
  const clock: Clock = {
    ...system,
    every(ms, fn) {
      if (ms !== SECOND_MS) return system.every(ms, fn)
      seconds.add(fn)
      return () => void seconds.delete(fn)
    },
  }
  return {
    clock,
    second: () => {
      for (const fn of seconds) fn()
    },
  }
}
