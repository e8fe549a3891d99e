/** No delay of the client is long enough to overflow a timer, which would then fire at once. */
import { expect, it } from 'vitest'
import { Backoff } from '../../src/client/backoff.ts'

const MAX_TIMER_MS = 2 ** 31 - 1

it.each([30_000, 2 ** 40, Number.POSITIVE_INFINITY])('with a cap of %d ms', (capMs) => {
  const backoff = new Backoff({ capMs })
  const waitMs = backoff.waitMs({ code: 1012, reason: `come back in ${2 ** 45} ms`, wasOpen: true, ageMs: 0 })
  expect(waitMs).toBe(backoff.retry.capMs)
  // With the most jitter that a pause adds.
  expect(waitMs * 1.5).toBeLessThan(MAX_TIMER_MS)
})
