/**
 * Errors on every road: who says a message again of which a part is kept hears that it is the same error, and a message
 * alone has no number.
 */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { openRoom } from '../../src/testing.ts'
import { openOneRoom } from '../support/one-room.ts'
import { inMemory } from '../support/places.ts'
import { StepStage } from '../support/step-stage.ts'

const half = defineRoom({
  stores: { count: z.int().default(0) },
  receives: { half: z.object({}), whole: z.object({}) },
  sends: { whole: z.null() },
  open: (room) => ({
    receive: {
      whole: () => room.publish('whole', null),
      async half() {
        room.storage.set('count', room.storage.get('count') + 1)
        await Promise.resolve()
        throw new RoomError('half', 'the other half is missing')
      },
    },
  }),
})
const SAID = { code: 'half', message: 'the other half is missing' }

const AGAIN = { type: 'half', data: {}, id: 'a' }

const fixture = openOneRoom()

async function post(url: string, body: unknown): Promise<[status: number, answer: unknown]> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${url}/room?client=ann`, { method: 'POST', headers, body: JSON.stringify(body) })
  return [response.status, await response.json()]
}

it('a step that the log cannot keep, after one that is kept, is never told as `unavailable`', async () => {
  const stage = await StepStage.open(inMemory(), {
    do: {
      async both(_, room) {
        await room.publish('said', 'first')
        stage.hold.breaks = true
        await room.publish('said', 'second').finally(() => {
          stage.hold.breaks = false
        })
      },
    },
  })
  stage.join('ann')
  stage.say('ann', 'both', 'a')
  await stage.settled()
  expect(stage.heard('ann')).toEqual(['said first', 'error a internal'])
  stage.say('ann', 'both', 'a')
  await stage.settled()
  expect(stage.heard('ann')).toEqual(['error a internal duplicate'])
})

it('over HTTP: a retry is answered with `duplicate`', async () => {
  const { url } = await fixture.start(half)
  const said = { error: SAID.code, message: SAID.message }
  expect(await post(url, AGAIN)).toEqual([400, said])
  expect(await post(url, AGAIN)).toEqual([400, { ...said, duplicate: true }])
})

it('over Socket.IO: the ack of a retry has `duplicate`', async () => {
  const { url } = await fixture.start(half)
  const { io } = await import('socket.io-client')
  const socket = io(`${url}/room`, { auth: { client: 'ann' }, transports: ['websocket'] })
  const say = () => socket.emitWithAck('half', {}, { id: 'a' })
  expect(await say()).toEqual({ ok: false, ...SAID })
  expect(await say()).toEqual({ ok: false, ...SAID, duplicate: true })
  socket.disconnect()
})

it('in a test of a room: `send` and `post` reject with `duplicate`', async () => {
  const room = await openRoom(half)
  const ann = room.join({ client: 'ann' })
  await expect(ann.send('half', {}, { id: 'a' })).rejects.not.toHaveProperty('duplicate')
  await expect(ann.send('half', {}, { id: 'a' })).rejects.toMatchObject({ ...SAID, duplicate: true })
  const again = () => room.post('half', {}, { client: 'bob', id: 'a' })
  await expect(again()).rejects.not.toHaveProperty('duplicate')
  await expect(again()).rejects.toMatchObject({ ...SAID, duplicate: true })
  expect(room.storage.get('count')).toBe(2)
})

it('of a message that is alone does not count it as one of a batch', async () => {
  const room = await openRoom(half)
  const message = 'this room receives half, whole'
  await expect(room.post('other' as 'half', {})).rejects.toMatchObject({ code: 'unknown_type', message })
})

it('fails the batch that says the message again, of which nothing is kept', async () => {
  const { url } = await fixture.start(half)
  await post(url, AGAIN)
  const message = `message 1: ${SAID.message}`
  const batch = [{ type: 'whole', data: {}, id: 'b' }, AGAIN]
  expect(await post(url, batch)).toEqual([400, { error: SAID.code, message, duplicate: true }])
  expect(await (await fetch(`${url}/room?offset=-1`)).json()).toEqual([])
})

it('of a post with an id, but of nobody who could say it again', async () => {
  const room = await openRoom(half)
  await expect(room.post('half', {}, { name: 'ann', id: 'a' })).rejects.toMatchObject({ code: 'bad_message' })
  expect(room.storage.get('count')).toBe(0)
})
