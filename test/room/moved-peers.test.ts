/** Peers that a node brings from where the room was before: they are not new, and the later of two connections stays. */
import { expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { newTally } from '../../src/tally.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { NotingWire } from '../support/noting-wire.ts'

async function openRoom() {
  const { clock, parts } = roomParts(handClock())
  const calls: string[] = []
  const tally = newTally()
  const definition = defineRoom({
    sends: {},
    open: () => ({
      join: ({ name, resumed }) => void calls.push(`join ${name} ${resumed}`),
      rejoin: ({ name }) => void calls.push(`rejoin ${name}`),
      leave: ({ name }) => void calls.push(`leave ${name}`),
    }),
  })
  const room = new LiveEventRoom({ ...parts, tallyOf: () => tally }, '/room', {}, roomSettings({}), definition as never)
  await room.start(() => {})
  const join = (name: string, brought: { begunMs?: number; isMoved?: boolean }) => {
    const wire = new NotingWire()
    const session = room.join({ id: name, name, client: name, ...brought }, wire, undefined)
    return { wire, session }
  }
  return { clock, calls, room, tally, join }
}

it('one that was in the room before is `resumed`, with or without an offset', async () => {
  const { clock, calls, join } = await openRoom()
  join('ann', { isMoved: true })
  join('ben', {})
  await clock.advance(0)
  expect(calls).toEqual(['join ann true', 'join ben false'])
})

it('one that was in the room before is not counted as a join again', async () => {
  const { room, tally, join } = await openRoom()
  join('ann', {})
  join('ben', { isMoved: true })
  expect([room.size, tally.joined]).toEqual([2, 1])
})

it.each([
  ['first', [1, 2]],
  ['last', [2, 1]],
])('of two connections of a client the later begun stays, if the earlier is brought %s', async (_, order) => {
  const { clock, room, join } = await openRoom()
  const joined = order.map((begunMs) => ({ begunMs, ...join('ann', { begunMs, isMoved: true }) }))
  await clock.advance(100)
  for (const { begunMs, wire } of joined) expect([begunMs, wire.isClosed]).toEqual([begunMs, begunMs === 1])
  expect(joined.find(({ begunMs }) => begunMs === 1)?.wire.notes.at(-1)).toBe('close 1008')
  expect(room.size).toBe(1)
  // The replaced one changes nothing any more.
  joined.find(({ begunMs }) => begunMs === 1)?.session.gone(false)
  expect(room.size).toBe(1)
})

it('a connection that is brought twice is not replaced by itself', async () => {
  const { clock, room, join } = await openRoom()
  join('ann', { begunMs: 5 }).session.gone(true)
  const again = join('ann', { begunMs: 5, isMoved: true })
  await clock.advance(100)
  expect([again.wire.isClosed, room.connected]).toEqual([false, 1])
})
