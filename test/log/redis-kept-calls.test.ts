/** The calls that can be said again are bounded, and so is what is remembered of rooms that have closed. */
import { expect, it } from 'vitest'
import { KeptCalls, RoomCalls } from '../../src/log/redis/kept-calls.ts'

const call = (number: number) => ({ from: { epoch: 'e', number }, to: 'e', rest: [], timeMs: 1, bytes: 500 })
const from = (number: number) => ({ epoch: 'e', number })

it('the oldest of all rooms go first', () => {
  const all = new KeptCalls(4000)
  const [one, other] = [new RoomCalls(all), new RoomCalls(all)]
  for (const room of [one, other]) for (const number of [1, 2]) room.add(call(number))
  other.add(call(3))
  expect([one.since(from(1), false), one.since(from(2), false)?.length]).toEqual([undefined, 1])
  expect(other.since(from(1), false)).toHaveLength(3)
  one.clear()
  other.add(call(4))
  expect(other.since(from(1), false)).toHaveLength(4)
})

it('rooms that have closed leave nothing, while one stays open', () => {
  const all = new KeptCalls()
  const open = new RoomCalls(all)
  for (let at = 0; at < 20_000; at += 1) {
    const room = new RoomCalls(all)
    for (const number of [1, 2, 3]) room.add(call(number))
    if (at % 200 === 0) open.add(call(at))
    room.clear()
  }
  expect(all.length).toBeLessThan(2500)
  expect(open.since(from(0), false)).toHaveLength(100)
})

it('calls do not lead on from a commit that was voided here, nor from a void where a commit was', () => {
  const calls = new RoomCalls(new KeptCalls())
  for (const each of [call(3), { ...call(4), timeMs: 'void' as const }, call(5)]) calls.add(each)
  expect(calls.since(from(5), true)).toHaveLength(1)
  expect(calls.since(from(5), false)).toBeUndefined()
  expect(calls.since(from(4), false)).toHaveLength(2)
  expect(calls.since(from(4), true)).toBeUndefined()
})
