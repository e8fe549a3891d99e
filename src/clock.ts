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
}

/** The longest time a timer of Node takes; one that is longer fires at once (some 24.8 days). */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
/** The longest span of time: a thousand years. */
const LONGEST_SPAN_MS = 1000 * 365 * 86_400_000

/** Throws a `RangeError` for what is no span of time: anything but ms above 0, up to a thousand years. `what`: who asks. */
export function mustBeSpan(what: string, ms: number): void {
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
  const keep = (cancel: () => void) => {
    running.add(cancel)
    return () => {
      running.delete(cancel)
      cancel()
    }
  }
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    every: (ms, fn) => keep(clock.every(ms, fn)),
    after: (ms, fn) => {
      const end = keep(
        clock.after(ms, () => {
          end()
          fn()
        }),
      )
      return end
    },
    end() {
      for (const cancel of running) cancel()
      running.clear()
    },
  }
}

/** The machine's clock. Its timers do not keep a process alive. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (ms, fn) => inSteps(timerMs(ms), fn),
    every(ms, fn) {
      const periodMs = timerMs(ms)
      if (periodMs > LONGEST_TIMER_MS) return again(periodMs, fn)
      const timer = setInterval(fn, periodMs).unref()
      return () => clearInterval(timer)
    },
  }
}

/** One timer after the other, each as long as Node takes it. */
function inSteps(ms: number, fn: () => void): () => void {
  let timer: NodeJS.Timeout
  const step = (leftMs: number) => {
    const next = leftMs > LONGEST_TIMER_MS ? () => step(leftMs - LONGEST_TIMER_MS) : fn
    timer = setTimeout(next, Math.min(leftMs, LONGEST_TIMER_MS)).unref()
  }
  step(ms)
  return () => clearTimeout(timer)
}

function again(ms: number, fn: () => void): () => void {
  let cancel = () => {}
  const next = () => {
    cancel = inSteps(ms, () => {
      next()
      fn()
    })
  }
  next()
  return () => cancel()
}
