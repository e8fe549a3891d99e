/**
 * An event stream whose peer `join` has refused: an `EventSource` comes back by itself, so that its next try is answered
 * with a status, for ten seconds; then `join` is asked again. What others say over the same wires goes on.
 */
import { EventSource } from 'eventsource'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { JoinRefusals } from '../../src/room/join-refusals.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { openStream, post } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let asked: string[]
beforeEach(async () => {
  asked = []
  const guarded = defineRoom({
    receives: { say: z.string() },
    sends: { said: z.string() },
    open: (room) => ({
      async join(peer) {
        asked.push(peer.name)
        if (peer.name === 'ann') throw new RoomError('not_invited', 'ask bob', { ask: 'bob' })
      },
      receive: { say: (_, text) => room.publish('said', text) },
    }),
  })
  server = await startServer({ rooms: { '/guarded': { definition: guarded } } })
})
afterEach(() => server.close())

const url = (client: string, name: string) => `${server.url}/guarded?live=sse&client=${client}&name=${name}`

it('gets the reason and no time to come back at, and its next try 403 with the same reason', async () => {
  const stream = await openStream(url('a', 'ann'))
  const { peer } = await stream.control()
  expect(await stream.data()).toEqual([
    { type: 'error', data: { code: 'not_invited', message: 'ask bob', details: { ask: 'bob' } } },
  ])
  expect(JSON.parse((await stream.next('close')).data)).toEqual({ code: 1008, reason: 'not_invited' })
  await stream.ended
  const said = await post(`${server.url}/guarded`, { type: 'say', data: 'hello' }, { 'Corridor-Peer': peer ?? '' })
  expect(said.status).toBe(404)

  const again = await fetch(url('a', 'ann'))
  expect(again.status).toBe(403)
  expect(await again.json()).toEqual({ error: 'not_invited', message: 'ask bob', details: { ask: 'bob' } })
  expect(asked).toEqual(['ann'])
  // It is about one client.
  await (await openStream(url('b', 'bob'))).control()
  expect(asked).toEqual(['ann', 'bob'])
})

it('gives up for good as an EventSource', async () => {
  const source = new EventSource(url('a', 'ann'))
  const status = await new Promise((resolve) => {
    source.addEventListener('error', ({ code }) => {
      if (source.readyState === source.CLOSED) resolve(code)
    })
  })
  expect(status).toBe(403)
  expect(asked).toEqual(['ann'])
})

it('is forgotten after ten seconds, and of many the oldest first', async () => {
  const clock = handClock()
  const refusals = new JoinRefusals(clock)
  const error = new RoomError('no', 'not you')
  refusals.add('ann', error)
  await clock.advance(9999)
  expect(refusals.of('ann')).toBe(error)
  await clock.advance(1)
  expect(refusals.of('ann')).toBe(undefined)
  for (let index = 0; index <= 10_000; index += 1) refusals.add(`client ${index}`, error)
  expect([refusals.of('client 0'), refusals.of('client 1'), refusals.of(undefined)]).toEqual([
    undefined,
    error,
    undefined,
  ])
})
