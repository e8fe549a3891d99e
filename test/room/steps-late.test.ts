/**
 * A step that had failed, since nobody could say whether it is kept, and is kept after all: its events are heard, storage,
 * alarms and history are what it made of them, and nothing else that it said is heard.
 */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type EventDefinition, RoomError } from '../../src/define.ts'
import type { Frame } from '../../src/delivery/frame.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { Entry, RoomLog } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { TestWire } from '../../src/testing/test-wire.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

const definition = defineRoom({
  stores: { count: z.int().default(0) },
  receives: { add: z.int(), clear: z.int(), tell: z.int() },
  sends: { added: z.int(), told: z.object({ count: z.int(), alarms: z.array(z.string()) }), rung: z.string() },
  open: (room) => ({
    alarm(name) {
      room.storage.set('count', room.storage.get('count') + 100)
      void room.publish('rung', name).catch(() => {})
    },
    receive: {
      add(peer, n) {
        room.storage.set('count', room.storage.get('count') + n)
        if (n > 0) room.alarms.set(`alarm ${n}`, room.now() + 60_000)
        else room.alarms.delete('alarm 1')
        peer.send('told', { count: -1, alarms: [] })
        void room.publish('added', n).catch(() => {})
      },
      clear: () => void room.clearHistory().catch(() => {}),
      tell: (peer) =>
        peer.send('told', { count: room.storage.get('count'), alarms: room.alarms.entries().map(([name]) => name) }),
    },
  }),
}) as unknown as EventDefinition

/** Over a log that fails what it keeps, and says later that it is kept. */
async function stage() {
  const clock = handClock()
  const inner = new MemoryLog(clock, systemRandom())
  const late: (() => void)[] = []
  const state = { isLate: false }
  const append = (room: RoomLog, entry: Entry) => {
    if (!state.isLate) return room.append(entry)
    const { drafts, keys, changes, size } = entry
    entry.failed(new RoomError('unavailable', 'nobody knows'))
    late.push(() => {
      const kept = (frames: readonly Frame[]) => entry.keptLate?.(frames)
      room.append({ drafts, keys, changes, size, kept, failed() {} })
    })
  }
  const log = wrappedLog(inner, {
    async open(path: string, ...rest) {
      const room = await inner.open(path, ...rest)
      return wrappedLog<RoomLog>(room, { append: (entry) => append(room, entry) })
    },
  })
  const { parts, errors } = roomParts(clock)
  const settings = roomSettings({ limits: { rate: { perSecond: 1e6, burst: 1e6 } } })
  const room = new LiveEventRoom({ ...parts, log }, '/room', {}, settings, definition)
  await room.start(() => {})
  const heard: unknown[] = []
  const wire = new TestWire(errors as unknown[])
  wire.onFrame = (frame) => {
    const { type, data } = JSON.parse(String(payloadOf(frame)))
    if (type !== 'welcome') heard.push([type, type === 'error' ? data.code : type === 'reset' ? data.reason : data])
  }
  const session = room.join({ id: 'ann', name: 'ann', client: 'ann' }, wire, undefined)
  const hear = async () => {
    await clock.advance(0)
    session.flush()
    return heard.splice(0)
  }
  return {
    clock,
    errors,
    state,
    /** What is only told has no id, which would be kept. */
    say: (type: string, data: number) => {
      const id = type === 'tell' ? undefined : `${type} ${data}`
      session.receive(JSON.stringify({ type, data, id }))
    },
    hear,
    /** What was reported as failed turns out to be kept. */
    async keep() {
      state.isLate = false
      for (const each of late.splice(0)) each()
    },
  }
}

it('has its storage and alarms again, and its event is heard', async () => {
  const { say, hear, keep, state } = await stage()
  say('add', 1)
  await hear()
  state.isLate = true
  say('add', 2)
  expect(await hear()).toEqual([['error', 'unavailable']])
  say('tell', 1)
  expect(await hear()).toContainEqual(['told', { count: 1, alarms: ['alarm 1'] }])
  await keep()
  expect(await hear()).toEqual([['added', 2]])
  say('tell', 2)
  expect(await hear()).toContainEqual(['told', { count: 3, alarms: ['alarm 1', 'alarm 2'] }])
  say('add', 3)
  say('tell', 3)
  expect(await hear()).toContainEqual(['told', { count: 6, alarms: ['alarm 1', 'alarm 2', 'alarm 3'] }])
})

it('that deleted an alarm has deleted it', async () => {
  const { say, hear, keep, state, clock } = await stage()
  say('add', 1)
  await hear()
  state.isLate = true
  say('add', 0)
  await keep()
  await hear()
  await clock.advance(120_000)
  expect(await hear()).toEqual([])
})

it('of an alarm is over, and not tried again', async () => {
  const { say, hear, keep, state, clock } = await stage()
  say('add', 1)
  await hear()
  state.isLate = true
  await clock.advance(60_000)
  expect(await hear()).toEqual([])
  await keep()
  expect(await hear()).toEqual([['rung', 'alarm 1']])
  await clock.advance(600_000)
  say('tell', 1)
  const all = await hear()
  expect(all).toContainEqual(['told', { count: 101, alarms: [] }])
  expect(all).not.toContainEqual(['rung', 'alarm 1'])
})

it('that cleared the history tells everyone', async () => {
  const { say, hear, keep, state, errors } = await stage()
  say('add', 1)
  await hear()
  state.isLate = true
  say('clear', 1)
  expect(await hear()).toEqual([['error', 'unavailable']])
  await keep()
  expect(await hear()).toEqual([['reset', 'cleared']])
  expect(errors).toEqual([])
})
