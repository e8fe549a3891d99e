/**
 * Time, injected: the server uses `systemClock()`, tests and `corridor/testing` a clock that the test controls. Order
 * is decided by seq, never by time, which serves timers, display and retention.
 */
export interface Clock {
  /** Ms since 1970. */
  now(): number
  /** Ms that never go back, for measuring durations. */
  monotonic(): number
  /** Calls `fn` once after `ms` (at once if that is not above 0); the returned function cancels. */
  after(ms: number, fn: () => void): () => void
  /** Calls `fn` every `ms`; the returned function cancels. */
  every(ms: number, fn: () => void): () => void
  /** Calls `fn` in the next turn of the event loop, after pending reads. No time passes; it cannot be cancelled. */
  soon(fn: () => void): void
}

/** The longest timer of Node (about 24.8 days); a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
/** The longest duration: a thousand years. */
const LONGEST_SPAN_MS = 1000 * 365 * 86_400_000

/**
 * Throws a `RangeError` unless `ms` is a number above 0, up to a thousand years. `what`: the caller, for the message.
 */
export function mustBeDuration(what: string, ms: number): void {
  if (typeof ms === 'number' && ms > 0 && ms <= LONGEST_SPAN_MS) return
  throw new RangeError(`${what}: expected a span in ms, above 0 and at most ${LONGEST_SPAN_MS} (1000 years), got ${ms}`)
}

/** The ms of a timer: 0 if negative. Throws a `RangeError` for `NaN`, which Node would take for 1 ms. */
export function timerMs(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('expected a number of ms for a timer, got NaN')
  return Math.max(0, ms)
}

/** A clock whose timers can all be cancelled at once. */
export interface Lifetime extends Clock {
  end(): void
}

/** The same clock, with an end for its timers. */
export function lifetime(clock: Clock): Lifetime {
  const running = new Set<() => void>()
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    // Not a timer: what a server has begun to write at its end is still written.
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

/** The machine's clock. Its timers keep the process alive only with `isHeld`. */
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
    // No cancel function, so that a call allocates nothing.
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

/** A chain of timers, each no longer than Node allows. */
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
