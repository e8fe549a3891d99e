/**
 * A clock that a test advances by hand; `testing.ts` gives it to the room under test. `soon` runs in the next real
 * iteration of the event loop, always before time moves on. With a wire and a log in memory, everything that happens is
 * determined by the test.
 */
// Imported, since the fake timers of a test framework replace the global ones.
import { setImmediate as nextIteration } from 'node:timers'
import { type Clock, timerMs } from '../clock.ts'

export interface HandClock extends Clock {
  /** Moves time forward by `ms`: due timers fire in order, and async code runs after each. */
  advance(ms: number): Promise<void>
  /** Resolves when nothing is left to happen at the current time. */
  settled(): Promise<void>
}

interface Timer {
  at: number
  readonly everyMs: number | undefined
  readonly fn: () => void
}

/** `startMs`: the initial `now()`, in ms since 1970. */
export function handClock(startMs = Date.UTC(2026, 0, 1)): HandClock {
  let now = startMs
  const timers = new Set<Timer>()
  const add = (timer: Timer) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  /** How many calls of `soon` have not run yet. */
  let due = 0
  const iteration = () => new Promise<void>((resolve) => nextIteration(resolve))
  const settled = async () => {
    while (due > 0) await iteration()
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
      nextIteration(() => {
        due -= 1
        fn()
      })
    },
    async settled() {
      await iteration()
      await settled()
    },
    async advance(ms) {
      const end = now + ms
      await settled()
      for (let next = earliest(timers); next && next.at <= end; next = earliest(timers)) {
        now = next.at
        if (next.everyMs === undefined) timers.delete(next)
        else next.at += next.everyMs
        next.fn()
        await iteration()
        await settled()
      }
      now = end
      await iteration()
      await settled()
    },
  }
}

function earliest(timers: Set<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (!first || timer.at < first.at) first = timer
  return first
}
