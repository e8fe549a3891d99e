/** How somebody speaks, and whether it is a member, as the author of a room sees it; nothing of it can be forged. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { openStream, post } from '../../support/event-stream.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let seen: unknown[]
beforeEach(async () => {
  seen = []
  const room = defineRoom({
    receives: { say: z.string() },
    sends: {},
    open: (room) => ({
      receive: {
        say(peer, text) {
          const { via, isMember, isHere, connection } = peer
          seen.push({ text, via, isMember, isHere, isAmong: room.peers(peer.id).includes(peer) })
          expect(connection).toMatch(/^[\da-f-]{36}$/)
          // One that only speaks has nothing to close.
          if (text === 'stranger') peer.close()
        },
      },
    }),
  })
  server = await startServer({ rooms: { '/room': { definition: room } } })
})
afterEach(() => server.close())

it('a WebSocket, an event stream with posts, and a post alone', async () => {
  const ann = await server.connect('/room', { client: 'a' })
  ann.send('say', 'socket', 's1')
  await ann.next('ack')
  const stream = await openStream(`${server.url}/room?live=sse&client=b`)
  const { peer } = await stream.control()
  const say = (data: string, headers = {}, query = '') =>
    post(`${server.url}/room${query}`, { type: 'say', data, via: 'admin', isMember: true }, headers)
  expect((await say('stream', { 'Corridor-Peer': peer ?? '' })).status).toBe(204)
  // The client of a member makes nobody a member, nor does its close end one.
  expect((await say('stranger', {}, '?client=a')).status).toBe(204)
  ann.send('say', 'socket again', 's2')
  await ann.next('ack')
  expect(seen).toEqual([
    { text: 'socket', via: 'websocket', isMember: true, isHere: true, isAmong: true },
    { text: 'stream', via: 'http', isMember: true, isHere: true, isAmong: true },
    { text: 'stranger', via: 'http', isMember: false, isHere: true, isAmong: false },
    { text: 'socket again', via: 'websocket', isMember: true, isHere: true, isAmong: true },
  ])
  stream.close()
})

it('the peer of a closed stream speaks no more', async () => {
  const stream = await openStream(`${server.url}/room?live=sse&client=b`)
  const { peer } = await stream.control()
  const token = { 'Corridor-Peer': peer ?? '' }
  const banned = await post(`${server.url}/room`, [{ type: 'say', data: 'stranger' }], token)
  expect(banned.status).toBe(204)
  await stream.ended
  expect((await post(`${server.url}/room`, { type: 'say', data: 'still here?' }, token)).status).toBe(404)
  expect(seen).toMatchObject([{ text: 'stranger', isMember: true }])
})

it('a batch whose first message has its peer closed is not heard further, and nothing of it is kept', async () => {
  const stream = await openStream(`${server.url}/room?live=sse&client=b`)
  const { peer } = await stream.control()
  const messages = ['stranger', 'more'].map((data) => ({ type: 'say', data }))
  const answer = await post(`${server.url}/room`, messages, { 'Corridor-Peer': peer ?? '' })
  expect([answer.status, await answer.json()]).toMatchObject([403, { error: 'forbidden' }])
  expect(seen).toHaveLength(1)
})
