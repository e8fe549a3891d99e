/**
 * Runs `fn` after the code that runs now and what it has queued before. Not `queueMicrotask`, which the fake timers of
 * some test frameworks replace: a room under test would wait for ever.
 */
export function microtask(fn: () => void): void {
  void NOW.then(fn)
}

const NOW = Promise.resolve()
