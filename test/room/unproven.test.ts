/** A room of a server that may not speak for it, since another may have taken it: nobody gets in, nothing runs or is read. */
import { beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { describeRoom } from '../../src/operations/lobby.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { LiveRawRoom } from '../../src/room/raw-room.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { madeUpMount } from '../support/coupled-edge.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { clientOf } from '../support/moody-room.ts'
import { NotingWire } from '../support/noting-wire.ts'

const clock = handClock()
let isSure = true
let ran: string[] = []
let waited = Promise.withResolvers<void>()
const { parts: plain, errors } = roomParts(clock)
const parts = { ...plain, mayAct: () => isSure }
const SETTINGS = roomSettings({ limits: { rate: { perSecond: 1000, burst: 1000 } } })
const SAY = JSON.stringify({ type: 'say', data: 'x' })
const MESSAGES = [{ type: 'say', data: 'x', id: undefined }]

beforeEach(() => {
  isSure = true
  ran = []
  waited = Promise.withResolvers()
})

async function eventRoom(): Promise<LiveEventRoom> {
  const definition = defineRoom({
    receives: { say: z.string(), wait: z.string() },
    open(room) {
      room.every(1000, () => void ran.push('every'))
      room.after(1500, () => void ran.push('after'))
      room.alarms.set('once', clock.now() + 1500)
      return {
        join: () => void ran.push('join'),
        alarm: () => void ran.push('alarm'),
        receive: {
          say: () => void ran.push('say'),
          wait: () => waited.promise,
        },
      }
    },
  })
  // Which messages it takes and sends is of no interest outside.
  const room = new LiveEventRoom(parts, '/room', {}, SETTINGS, definition as never)
  await room.start(() => {})
  return room
}

it('refuses messages, posts and reads, and lets nobody in', async () => {
  const room = await eventRoom()
  const ann = new NotingWire()
  const session = room.join(clientOf('ann'), ann, undefined)
  await clock.advance(100)
  isSure = false
  ran = []
  session.receive(SAY)
  await expect(session.post(MESSAGES)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(room.anonymousSender(clientOf('cat')).post(MESSAGES)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(room.readers.page(0)).rejects.toMatchObject({ status: 503 })
  expect(() => room.readers.find('now')).toThrow(expect.objectContaining({ status: 503 }))
  const ben = new NotingWire()
  room.join(clientOf('ben'), ben, undefined)
  const reader = new NotingWire()
  room.readers.subscribe(reader, 0)
  await clock.advance(100)
  expect(ann.notes).toEqual(['error unavailable'])
  expect([ben.notes, reader.notes]).toEqual([['close 1013'], ['close 1013']])
  expect([ran, room.size]).toEqual([[], 1])

  isSure = true
  session.receive(SAY)
  await clock.advance(100)
  expect([ran, ann.notes]).toEqual([['say'], ['error unavailable']])
  await room.kill()
})

it('does not handle what waited for its turn', async () => {
  const room = await eventRoom()
  const ann = new NotingWire()
  const session = room.join(clientOf('ann'), ann, undefined)
  session.receive(JSON.stringify({ type: 'wait', data: 'x' }))
  session.receive(JSON.stringify({ type: 'say', data: 'x', id: 'later' }))
  await clock.advance(100)
  isSure = false
  waited.resolve()
  await clock.advance(100)
  isSure = true
  await clock.advance(100)
  expect([ran.includes('say'), ann.notes.at(-1)]).toEqual([false, 'error unavailable'])
  await room.kill()
})

it('does not say who is there and what it keeps', async () => {
  const room = await eventRoom()
  const route = { path: '/room', params: {}, mount: madeUpMount({ open: () => ({}), receives: {} }) }
  const description = () => describeRoom(route, { get: () => room }, parts.log, () => undefined)
  expect(await description()).toMatchObject({ members: { count: 0 } })
  isSure = false
  await expect(description()).rejects.toMatchObject({ status: 503 })
  await room.kill()
})

it('runs no timer and no alarm until it may', async () => {
  await eventRoom()
  isSure = false
  await clock.advance(5000)
  expect(ran).toEqual([])
  isSure = true
  await clock.advance(1000)
  expect(ran.toSorted()).toEqual(['after', 'alarm', 'every'])
})

it('ends the peer of a raw room that says something', async () => {
  const definition = defineRoom({ open: () => ({ message: () => void ran.push('message') }) })
  const room = new LiveRawRoom(parts, '/room', {}, SETTINGS, definition)
  await room.start(() => {})
  const ann = new NotingWire()
  const session = room.join(clientOf('ann'), ann, undefined)
  isSure = false
  session.receive('x')
  await clock.advance(100)
  expect([ran, ann.notes]).toEqual([[], ['close 1013']])
  expect(errors).toEqual([])
})
