/**
 * Time, passed in: the server runs on `systemClock()`, tests and `corridor/testing` on a clock they turn by hand.
 * Order is never decided by time (seq does that); it serves timers, display and retention.
 */
export interface Clock {
  /** Ms since 1970. */
  now(): number
  /** Ms that never go back, for measuring. */
  monotonic(): number
  /** Calls `fn` once after `ms`, at once where that is past; the returned function cancels. */
  after(ms: number, fn: () => void): () => void
  /** Calls `fn` each `ms`; the returned function cancels. */
  every(ms: number, fn: () => void): () => void
  /** Calls `fn` in the next turn of the event loop, after what can be read now was read. No time passes, nothing cancels. */
  soon(fn: () => void): void
}

/** The longest time a timer of Node takes; one that is longer fires at once (some 24.8 days). */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
/** The longest span of time: a thousand years. */
const LONGEST_SPAN_MS = 1000 * 365 * 86_400_000

/** Throws a `RangeError` for what is no span of time: anything but ms above 0, up to a thousand years. `what`: who asks. */
export function mustBeDuration(what: string, ms: number): void {
  if (typeof ms === 'number' && ms > 0 && ms <= LONGEST_SPAN_MS) return
  throw new RangeError(`${what}: expected a span in ms, above 0 and at most ${LONGEST_SPAN_MS} (1000 years), got ${ms}`)
}

/** A timer of any length: 0 for what is past, never `NaN`, which a timer would take for 1 ms. */
export function timerMs(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('expected a number of ms for a timer, got NaN')
  return Math.max(0, ms)
}

/** A clock whose timers all end at once, with what they serve. */
export interface Lifetime extends Clock {
  end(): void
}

/** The same time, with an end. */
export function lifetime(clock: Clock): Lifetime {
  const running = new Set<() => void>()
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    // No timer: what a server has begun to write at its end is still written.
    soon: clock.soon,
    every(ms, fn) {
      const cancel = clock.every(ms, fn)
      const end = () => {
        running.delete(end)
        cancel()
      }
      running.add(end)
      return end
    },
    after(ms, fn) {
      const cancel = clock.after(ms, () => {
        running.delete(end)
        fn()
      })
      const end = () => {
        if (running.delete(end)) cancel()
      }
      running.add(end)
      return end
    },
    end() {
      for (const end of running) end()
    },
  }
}

/** The machine's clock. Its timers keep a process alive only if `isHeld`, which is for a command that waits for one. */
export function systemClock({ isHeld = false } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (ms, fn) => once(timerMs(ms), fn, isHeld),
    every(ms, fn) {
      const periodMs = timerMs(ms)
      if (periodMs > LONGEST_TIMER_MS) return again(periodMs, fn, isHeld)
      const timer = setInterval(fn, periodMs)
      if (!isHeld) timer.unref()
      return () => clearInterval(timer)
    },
    // Its handle is not returned, so that nothing is made for a call.
    soon(fn) {
      setImmediate(fn)
    },
  }
}

function once(ms: number, fn: () => void, isHeld: boolean): () => void {
  if (ms > LONGEST_TIMER_MS) return inSteps(ms, fn, isHeld)
  const timer = setTimeout(fn, ms)
  if (!isHeld) timer.unref()
  return () => clearTimeout(timer)
}

/** One timer after the other, each as long as Node takes it. */
function inSteps(ms: number, fn: () => void, isHeld: boolean): () => void {
  let cancel = () => {}
  const step = (leftMs: number) => {
    const next = leftMs > LONGEST_TIMER_MS ? () => step(leftMs - LONGEST_TIMER_MS) : fn
    cancel = once(Math.min(leftMs, LONGEST_TIMER_MS), next, isHeld)
  }
  step(ms)
  return () => cancel()
}

function again(ms: number, fn: () => void, isHeld: boolean): () => void {
  let cancel = () => {}
  const next = () => {
    cancel = once(
      ms,
      () => {
        next()
        fn()
      },
      isHeld,
    )
  }
  next()
  return () => cancel()
}
