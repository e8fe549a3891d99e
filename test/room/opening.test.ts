/** A room that takes too long to open is given up: its log is closed whenever it opens, and the author is not called. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type EventDefinition } from '../../src/define.ts'
import type { Log, RoomLog } from '../../src/log/log.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { Steps } from '../../src/room/steps.ts'
import { RoomStorage } from '../../src/room/storage.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

function newRoom(waits: { log?: Promise<unknown>; author?: Promise<unknown> }) {
  const { clock, parts } = roomParts(handClock())
  const calls: string[] = []
  const log: Log = wrappedLog(parts.log, {
    async open(...given) {
      await waits.log
      const roomLog: RoomLog = await parts.log.open(...given)
      const close = () => {
        calls.push('the log is closed')
        return Promise.resolve()
      }
      const takeState = () => roomLog.takeState()
      const own: Partial<RoomLog> = { close, takeState }
      return new Proxy(roomLog, { get: (of, name) => Reflect.get(own, name) ?? Reflect.get(of, name, of) })
    },
  })
  const definition = defineRoom({
    receives: {},
    sends: {},
    async open() {
      calls.push('open is called')
      await waits.author
      return {}
    },
  })
  const room = new LiveEventRoom(
    { ...parts, log },
    '/room',
    {},
    roomSettings(),
    definition as unknown as EventDefinition,
  )
  return { room, clock, calls }
}

/** Starts the room and lets the time to open pass. → why it was given up */
async function givenUp({ room, clock }: ReturnType<typeof newRoom>): Promise<unknown> {
  const started = room.start(() => {}).catch((error: Error) => error.message)
  await clock.advance(0)
  await clock.advance(10_000)
  return started
}

it('closes a log that opens after the room was given up, and does not call the author', async () => {
  const opens = Promise.withResolvers<void>()
  const stand = newRoom({ log: opens.promise })
  expect(await givenUp(stand)).toMatch('"open" did not end within 10 s')
  expect(stand.calls).toEqual([])
  opens.resolve()
  await stand.clock.advance(10_000)
  expect(stand.calls).toEqual(['the log is closed'])
})

it('closes its log at once if it is the author who never ends', async () => {
  const stand = newRoom({ author: new Promise(() => {}) })
  expect(await givenUp(stand)).toMatch('"open" did not end within 10 s')
  expect(stand.calls).toEqual(['open is called', 'the log is closed'])
})

it('counts no storage of a room that was given up while it was loaded', async () => {
  const clock = handClock()
  const { parts } = roomParts(clock)
  const turn = Promise.withResolvers<void>()
  const storage = new RoomStorage({
    stores: { 'page/': z.string() },
    steps: new Steps({
      roomLog: unused,
      call: () => undefined,
      deliver: unused,
      position: unused,
      restore: unused,
      internalError: unused,
    }),
    limitBytes: 1024 * 1024,
    budget: parts.storageBudget,
    nextTurn: () => turn.promise,
    isOver: () => isOver,
  })
  let isOver = false
  const text = JSON.stringify('x'.repeat(100_000))
  const loaded = storage.load(new Map([1, 2].map((n) => [`page/${n}`, text])))
  isOver = true
  storage.release()
  turn.resolve()
  await loaded.catch(() => {})
  expect(parts.storageBudget.used).toBe(0)
})

function unused(): never {
  throw new Error('not used in this test')
}
