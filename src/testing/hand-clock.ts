/**
 * A clock that a test turns by hand; `testing.ts` gives it to the room under test. `soon` needs no time to pass: it runs
 * in the next real turn of the event loop, and always before time moves on. So with a wire and a log in memory all that
 * happens is decided by the test.
 */
// From the module, since a test framework puts its fake timers in the place of the global ones.
import { setImmediate as nextTurn } from 'node:timers'
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
  /** Calls of `soon` that had no turn yet. */
  let due = 0
  const turn = () => new Promise<void>((resolve) => nextTurn(resolve))
  /** What happens at this very moment, before time moves on. */
  const settled = async () => {
    while (due > 0) await turn()
  }
  return {
    now: () => now,
    monotonic: () => now - startMs,
    after: (ms, fn) => add({ at: now + timerMs(ms), everyMs: undefined, fn }),
    every(ms, fn) {
      const everyMs = Math.max(1, timerMs(ms))
      return add({ at: now + everyMs, everyMs, fn })
    },
    soon(fn) {
      due += 1
      nextTurn(() => {
        due -= 1
        fn()
      })
    },
    async advance(ms) {
      const end = now + ms
      await settled()
      for (let next = earliest(timers); next && next.at <= end; next = earliest(timers)) {
        now = next.at
        if (next.everyMs === undefined) timers.delete(next)
        else next.at += next.everyMs
        next.fn()
        await turn()
        await settled()
      }
      now = end
      await turn()
    },
  }
}

function earliest(timers: Set<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (!first || timer.at < first.at) first = timer
  return first
}
