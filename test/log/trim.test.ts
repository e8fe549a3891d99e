/** Removing old events of one room from disk: one run at a time, step by step. */
import { expect, it } from 'vitest'
import type { SqliteThread } from '../../src/log/sqlite/thread.ts'
import { SqliteTrim } from '../../src/log/sqlite/trim.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

const RETENTION = { keep: 10, maxAgeMs: 1e9, durable: true }

/** A trim whose steps end when the test lets them. */
function newTrim() {
  const steps: PromiseWithResolvers<object>[] = []
  const asked: unknown[][] = []
  const thread = {
    call(...what: unknown[]) {
      asked.push(what)
      const step = Promise.withResolvers<object>()
      steps.push(step)
      return step.promise
    },
  }
  const trim = new SqliteTrim(thread as unknown as SqliteThread, handClock(), RETENTION, undefined)
  const end = (first: number, isDone: boolean) =>
    steps.at(-1)?.resolve({ first, isDone, oldest: undefined, answered: undefined })
  return { trim, asked, end, fail: () => steps.at(-1)?.reject(new Error('the disk')) }
}

it('does not begin a second run beside the first, and runs again after it', async () => {
  const { trim, asked, end } = newTrim()
  const first = trim.run(7, () => 5)
  void trim.run(7, () => 5)
  expect(asked).toHaveLength(1)
  end(3, false)
  await expect.poll(() => asked.length).toBe(2)
  end(5, true)
  await first
  expect(trim.stored).toBe(5)

  const again = trim.run(7, () => 9)
  expect(asked).toHaveLength(3)
  end(9, true)
  await again
  expect(trim.stored).toBe(9)
})

it('runs again after a run that failed', async () => {
  const { trim, asked, end, fail } = newTrim()
  const first = trim.run(7, () => 5)
  fail()
  await expect(first).rejects.toThrow('the disk')
  const again = trim.run(7, () => 5)
  expect(asked).toHaveLength(2)
  end(5, true)
  await again
})
