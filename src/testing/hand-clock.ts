/** A clock that a test turns by hand; `testing.ts` gives it to the room under test. */
import { type Clock, timerMs } from '../clock.ts'

export interface HandClock extends Clock {
  /** Lets time pass: every timer due fires in its order, and what is async gets its turn after each. */
  advance(ms: number): Promise<void>
}

interface Timer {
  at: number
  readonly everyMs: number | undefined
  readonly fn: () => void
}

/** `startMs`: what `now()` says first, ms since 1970. */
export function handClock(startMs = Date.UTC(2026, 0, 1)): HandClock {
  let now = startMs
  const timers = new Set<Timer>()
  const add = (timer: Timer) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  return {
    now: () => now,
    monotonic: () => now - startMs,
    after: (ms, fn) => add({ at: now + timerMs(ms), everyMs: undefined, fn }),
    every(ms, fn) {
      const everyMs = Math.max(1, timerMs(ms))
      return add({ at: now + everyMs, everyMs, fn })
    },
    async advance(ms) {
      const end = now + ms
      for (let next = earliest(timers); next && next.at <= end; next = earliest(timers)) {
        now = next.at
        if (next.everyMs === undefined) timers.delete(next)
        else next.at += next.everyMs
        next.fn()
        await new Promise(setImmediate)
      }
      now = end
      await new Promise(setImmediate)
    },
  }
}

function earliest(timers: Set<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (!first || timer.at < first.at) first = timer
  return first
}
