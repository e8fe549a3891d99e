/** Spans of time: every clock takes any span up to years, and an author's timer refuses what is none. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Clock, lifetime, systemClock } from '../src/clock.ts'
import { defineRoom } from '../src/define.ts'
import { handClock } from '../src/testing/hand-clock.ts'
import { openRoom } from '../src/testing.ts'
import { Bucket } from '../src/token-bucket.ts'

const DAY_MS = 86_400_000
const SPANS_DAYS = [1, 24, 25, 30, 60, 365, 3 * 365]

/** Each clock, and what lets a span pass on it. */
const clocks: Record<string, () => { clock: Clock; pass: (ms: number) => unknown }> = {
  "the machine's": () => ({ clock: systemClock(), pass: (ms) => vi.advanceTimersByTime(ms) }),
  "a server's": () => ({ clock: lifetime(systemClock()), pass: (ms) => vi.advanceTimersByTime(ms) }),
  "a test's": () => {
    const clock = handClock()
    return { clock, pass: (ms) => clock.advance(ms) }
  },
}

describe.each(Object.entries(clocks))('%s clock', (name, make) => {
  beforeEach(() => {
    if (name !== "a test's") vi.useFakeTimers()
  })
  afterEach(() => void vi.useRealTimers())

  it.each(SPANS_DAYS)('calls once after %d days, not a moment before', async (days) => {
    const { clock, pass } = make()
    const called = vi.fn()
    clock.after(days * DAY_MS, called)
    await pass(days * DAY_MS - 1)
    expect(called).not.toHaveBeenCalled()
    await pass(1)
    expect(called).toHaveBeenCalledTimes(1)
    await pass(days * DAY_MS)
    expect(called).toHaveBeenCalledTimes(1)
  })

  it.each(SPANS_DAYS)('calls each %d days, until it is cancelled', async (days) => {
    const { clock, pass } = make()
    const called = vi.fn()
    const cancel = clock.every(days * DAY_MS, called)
    for (const times of [1, 2, 3]) {
      await pass(days * DAY_MS - 1)
      expect(called).toHaveBeenCalledTimes(times - 1)
      await pass(1)
      expect(called).toHaveBeenCalledTimes(times)
    }
    cancel()
    await pass(2 * days * DAY_MS)
    expect(called).toHaveBeenCalledTimes(3)
  })

  it('forgets a long timer that is cancelled between two of its steps', async () => {
    const { clock, pass } = make()
    const called = vi.fn()
    const cancel = clock.after(60 * DAY_MS, called)
    await pass(40 * DAY_MS)
    cancel()
    await pass(40 * DAY_MS)
    expect(called).not.toHaveBeenCalled()
  })

  it('takes what is past for now, and refuses what is no number', async () => {
    const { clock, pass } = make()
    const called = vi.fn()
    clock.after(-5, called)
    await pass(1)
    expect(called).toHaveBeenCalledTimes(1)
    expect(() => clock.after(Number.NaN, called)).toThrow(RangeError)
    expect(() => clock.every(Number.NaN, called)).toThrow(RangeError)
  })

  it('calls each `soon` in a separate turn, in order, before any time has passed', async () => {
    const { clock, pass } = make()
    const startMs = clock.monotonic()
    const called: string[] = []
    const call = (name: string) => () => void called.push(`${name} at ${clock.monotonic() - startMs}`)
    clock.after(5, call('timer'))
    clock.soon(call('first'))
    clock.soon(call('second'))
    expect(called).toEqual([])
    await pass(5)
    expect(called).toEqual(['first at 0', 'second at 0', 'timer at 5'])
  })

  it('never calls after an endless span', async () => {
    const { clock, pass } = make()
    const called = vi.fn()
    clock.after(Number.POSITIVE_INFINITY, called)
    await pass(100 * DAY_MS)
    expect(called).not.toHaveBeenCalled()
  })
})

describe("a room's timers", () => {
  const timers = defineRoom({
    sends: { tick: z.number() },
    open(room) {
      return {
        join() {
          room.every(30 * DAY_MS, () => room.publish('tick', 30))
          const cancel = room.after(40 * DAY_MS, () => room.publish('tick', -1))
          room.after(45 * DAY_MS, () => room.publish('tick', 45))
          cancel()
        },
      }
    },
  })

  it('run at any span up to years: `every` again and again, `after` once', async () => {
    const room = await openRoom(timers, undefined, { history: { maxAgeMs: 365 * DAY_MS } })
    room.join({ name: 'ann' })
    await room.advance(100 * DAY_MS)
    expect((await room.history()).map(({ data }) => data)).toEqual([30, 45, 30, 30])
    await room.close()
  })

  it.each([
    0,
    -1,
    -DAY_MS,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    '5s',
    undefined,
    null,
  ])('refuse %s, which is no span of time', async (ms) => {
    const wrong: unknown[] = []
    const module = defineRoom({
      open(room) {
        for (const timer of [room.every, room.after]) {
          try {
            timer.call(room, ms as number, () => {})
          } catch (error) {
            wrong.push(error)
          }
        }
        return {}
      },
    })
    const room = await openRoom(module)
    expect(wrong).toEqual([expect.any(RangeError), expect.any(RangeError)])
    expect(String(wrong[0])).toContain('room.every: expected a span in ms')
    await room.close()
  })

  it('never call an async function again while it runs, and go on when it has failed', async () => {
    let running = 0
    let most = 0
    let calls = 0
    let end = () => {}
    const module = defineRoom({
      open(room) {
        room.every(1000, async () => {
          calls += 1
          running += 1
          most = Math.max(most, running)
          await new Promise<void>((resolve) => {
            end = resolve
          })
          running -= 1
          if (calls === 1) throw new Error('once')
        })
        return {}
      },
    })
    const room = await openRoom(module)
    await room.advance(5000)
    expect([calls, most]).toEqual([1, 1])
    end()
    await room.advance(2000)
    expect([calls, most]).toEqual([2, 1])
    expect(room.errors.length).toBe(1)
    end()
    await room.close()
  })

  it('end with the room', async () => {
    const called = vi.fn()
    const module = defineRoom({
      open(room) {
        room.every(1000, called)
        room.after(1000, called)
        return { close: () => void room.after(1, called) }
      },
    })
    const room = await openRoom(module)
    await room.close()
    await room.advance(10_000)
    expect(called).not.toHaveBeenCalled()
  })
})

it('a wait that a rate asks for is one that a timer and a Retry-After can say', () => {
  for (const perSecond of [1e-9, Number.MIN_VALUE]) {
    const rate = { perSecond, burst: 1 }
    const bucket = new Bucket(rate, 0)
    bucket.draw(rate, 0)
    expect(bucket.draw(rate, 0)).toBe(2 ** 31 - 1)
    expect(bucket.waitMs(rate)).toBe(2 ** 31 - 1)
  }
})
