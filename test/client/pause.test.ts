/** The pause between two connections of the client: a refusal that is known later makes it longer, never shorter. */
import { beforeEach, expect, it, vi } from 'vitest'
import { Pause } from '../../src/client/pause.ts'
import type { Refusal, State } from '../../src/client/types.ts'
import { stillTime } from '../support/dialled.ts'

stillTime()

const CAP_MS = 30_000
const ended = vi.fn()
const states: State[] = []
const refusal = (retryAfterMs?: number): Refusal => ({
  status: 503,
  code: 'room_full',
  message: 'the room is full',
  ...(retryAfterMs !== undefined && { retryAfterMs }),
})

beforeEach(() => {
  ended.mockClear()
  states.length = 0
})

function begin(ms: number): Pause {
  const pause = new Pause(CAP_MS, ended, (state) => states.push(state))
  pause.begin(1006, 'lost', ms)
  return pause
}

/** When the pause ends, in ms from now. */
function endsIn(): number {
  const now = Date.now()
  vi.advanceTimersToNextTimer()
  expect(ended).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
  return Date.now() - now
}

it('lasts as long as it was begun for, and reports when it ends', () => {
  begin(1000)
  expect(states).toEqual([{ state: 'waiting', retryAt: Date.now() + 1000, code: 1006, reason: 'lost' }])
  expect(endsIn()).toBe(1000)
})

it.each([
  ['a shorter one', 100],
  ['none at all', undefined],
])('keeps its end if the refusal asks for %s', (_, retryAfterMs) => {
  const pause = begin(1000)
  vi.advanceTimersByTime(400)
  pause.refused(refusal(retryAfterMs))
  expect(states.at(-1)).toEqual({
    state: 'waiting',
    retryAt: Date.now() + 600,
    status: 503,
    code: 'room_full',
    reason: 'the room is full',
    message: 'the room is full',
  })
  expect(endsIn()).toBe(600)
})

it('is longer if the refusal asks for more', () => {
  const pause = begin(1000)
  vi.advanceTimersByTime(400)
  pause.refused(refusal(4000))
  // With half of the jitter, which is up to a half.
  expect(endsIn()).toBe(5000)
})

it('is not longer than the cap and its jitter, whatever the refusal asks for', () => {
  begin(1000).refused(refusal(2 ** 40))
  expect(endsIn()).toBe(CAP_MS * 1.25)
})

it('does not end once it was stopped', () => {
  begin(1000).end()
  expect(vi.getTimerCount()).toBe(0)
})
