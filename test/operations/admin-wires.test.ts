/** How the operator's kick and restart reach a peer over Socket.IO and over an event stream, and what comes back. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN, operatorOf } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { nextEvent, socketIoClients } from '../support/socketio.ts'

let server: TestServer
const clients = socketIoClients()
beforeEach(async () => {
  server = await startServer({ rooms: { '/notes': { definition: notes } }, env: { ADMIN_TOKEN } })
})
afterEach(async () => {
  clients.close()
  await server.close()
})
const { look, act } = operatorOf(() => server)

async function only() {
  const [peer] = (await look('/notes')).peers
  if (!peer) throw new Error('expected a peer in the room')
  return peer
}

it('a Socket.IO client stays out after a kick, and is back by itself after a restart', async () => {
  const socket = clients.open(server.url, '/notes', { reconnectionDelay: 10, auth: { name: 'Ann' } })
  await nextEvent(socket, 'welcome')
  expect(await only()).toMatchObject({ name: 'Ann', via: 'socketio', address: '127.0.0.1', isHere: true })
  const [closed, back] = [nextEvent(socket, 'disconnect'), nextEvent(socket, 'welcome')]
  expect(await act('restart', { room: '/notes' })).toEqual([200, { restarted: true }])
  expect((await closed)[0]).toBe('transport close')
  await back
  const ended = Promise.all([nextEvent(socket, 'error'), nextEvent(socket, 'disconnect')])
  const { id } = await only()
  expect(await act('kick', { room: '/notes', id, reason: 'be kind' })).toEqual([200, { kicked: 1 }])
  const [[error], [reason]] = await ended
  expect([error, reason]).toEqual([{ code: 'closed', message: 'be kind', close: 4403 }, 'io server disconnect'])
  expect(await look('/notes')).toMatchObject({ members: 0, connections: 0 })
})

it('an event stream hears the code of its kick, and its token speaks for nobody any more', async () => {
  const stream = await openStream(`${server.url}/notes?client=ann&name=Ann&live=sse&offset=now`)
  const { peer = '' } = await stream.control()
  const { connection, via } = await only()
  expect(via).toBe('http')
  expect(await act('kick', { room: '/notes', connection })).toEqual([200, { kicked: 1 }])
  expect(JSON.parse((await stream.next('close')).data)).toEqual({ code: 4403, reason: 'ended by the operator' })
  await stream.ended
  const headers = { 'content-type': 'application/json', 'corridor-peer': peer }
  const body = JSON.stringify({ type: 'note', data: { text: 'still here' } })
  const late = await fetch(`${server.url}/notes`, { method: 'POST', headers, body })
  expect([late.status, (await look('/notes')).seq]).toEqual([404, 0])
})
