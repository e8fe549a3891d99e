/**
 * Time, passed in: the server runs on `systemClock()`, tests and `corridor/testing` on a clock they turn by hand.
 * Order is never decided by time (seq does that); it serves timers, display and retention.
 */
export interface Clock {
  /** Ms since 1970. */
  now(): number
  /** Ms that never go back, for measuring. */
  monotonic(): number
  /** Calls `fn` once after `ms`; the returned function cancels. */
  after(ms: number, fn: () => void): () => void
  /** Calls `fn` each `ms`; the returned function cancels. */
  every(ms: number, fn: () => void): () => void
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
    after(ms, fn) {
      const timer = setTimeout(fn, ms).unref()
      return () => clearTimeout(timer)
    },
    every(ms, fn) {
      const timer = setInterval(fn, ms).unref()
      return () => clearInterval(timer)
    },
  }
}
