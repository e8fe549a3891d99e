/** How a peer of a Socket.IO client ends: alone in its namespace, or with the connection, so that the client comes back. */
import type { Socket } from 'socket.io-client'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { type Line, startServer, type TestServer } from '../../support/server.ts'
import { nextEvent, type SocketIoOptions, socketIoClients } from '../../support/socketio.ts'

const doors = defineRoom({
  summary: 'Closes a peer that asks for it.',
  receives: { say: z.string(), close: z.int() },
  sends: { said: z.string(), left: z.string() },
  open: (room) => ({
    leave: (peer) => void room.broadcast('left', peer.name),
    receive: {
      say: async (_, text) => void (await room.publish('said', text)),
      close: (peer, code) => peer.close(code, 'as you like'),
    },
  }),
})
const raw = defineRoom({ summary: 'Takes anything.', open: () => ({ message: () => {} }) })
const rooms: Record<string, Line> = { '/a': { definition: doors }, '/b': { definition: doors } }

let server: TestServer
const clients = socketIoClients()

afterEach(async () => {
  clients.close()
  await server.close()
})

/** The last error of a peer, and why it was disconnected. */
async function ending(socket: Socket): Promise<unknown[]> {
  const [[error], [reason]] = await Promise.all([nextEvent(socket, 'error'), nextEvent(socket, 'disconnect')])
  return [error, reason]
}

async function joined(path: string, options: SocketIoOptions = {}): Promise<Socket> {
  const socket = clients.open(server.url, path, { reconnectionDelay: 10, ...options })
  await nextEvent(socket, 'welcome')
  return socket
}

describe.each([['websocket'], ['polling']])('over %s', (transport) => {
  const options = { transports: [transport], upgrade: false }

  it('a peer that is closed loses its namespace alone, also if it goes on sending', async () => {
    server = await startServer({ rooms })
    const a = await joined('/a', options)
    const b = a.io.socket('/b')
    await nextEvent(b, 'welcome')
    const ended = ending(a)
    a.emit('close', 4001)
    for (let index = 0; index < 10; index += 1) a.emit('say', 'too late')
    expect(await ended).toEqual([{ code: 'closed', message: 'as you like', close: 4001 }, 'io server disconnect'])
    expect(a.active).toBe(false)
    expect(await b.emitWithAck('say', 'still here')).toMatchObject({ ok: true, seq: 1 })
    const again = nextEvent(a, 'welcome')
    a.connect()
    expect(await again).toMatchObject([{ room: '/a' }, {}, expect.any(String)])
  })

  it('a removed room ends its namespace, a changed one the connection, and the client comes back', async () => {
    server = await startServer({ rooms })
    const a = await joined('/a', options)
    const b = a.io.socket('/b')
    await nextEvent(b, 'welcome')
    const removed = ending(a)
    await server.reload({ rooms: { '/b': { definition: doors } } })
    expect(await removed).toMatchObject([{ code: 'closed', close: 1001 }, 'io server disconnect'])
    const ended = ending(b)
    const back = nextEvent(b, 'welcome')
    await server.reload({ rooms: { '/b': { definition: doors, title: 'Another' } } })
    expect(await ended).toMatchObject([{ code: 'closed', close: 1012 }, 'transport close'])
    expect(await back).toMatchObject([{ room: '/b' }, {}, expect.any(String)])
  })

  it('a drain ends the connection after the answers, and the server exits', async () => {
    server = await startServer({ rooms })
    const a = await joined('/a', { ...options, reconnection: false })
    const ended = ending(a)
    const answer = a.emitWithAck('say', 'last')
    expect(await answer).toMatchObject({ ok: true })
    await server.server.close()
    expect(await ended).toMatchObject([{ code: 'closed', close: 1012 }, 'transport close'])
  })

  it('what the server itself says to a peer carries its offset too', async () => {
    server = await startServer({ rooms: { ...rooms, '/raw': { definition: raw } } })
    const a = await joined('/a', { ...options, reconnection: false })
    const said = nextEvent(a, 'said')
    a.emit('say', 'one')
    const [, , offset] = await said
    expect(offset).toMatch(/_0{15}1$/)
    const refused = nextEvent(a, 'error')
    a.emit('say', 'two', 'three')
    expect(await refused).toEqual([expect.objectContaining({ code: 'bad_message' }), {}, offset])
    const last = nextEvent(a, 'error')
    const reader = clients.open(server.url, '/raw', { ...options, reconnection: false })
    const refusedRaw = nextEvent(reader, 'error')
    reader.emit('other')
    expect(await refusedRaw).toEqual([expect.objectContaining({ code: 'bad_message' }), {}])
    await server.server.close()
    expect(await last).toEqual([expect.objectContaining({ code: 'closed', close: 1012 }), {}, offset])
  })

  it('who disconnects leaves at once, and the same client on another connection replaces the first', async () => {
    server = await startServer({ rooms })
    const watcher = await joined('/a', { ...options, auth: { name: 'watcher' } })
    const first = await joined('/a', { ...options, auth: { name: 'ann', client: 'ann' } })
    const replaced = ending(first)
    const second = await joined('/a', { ...options, auth: { name: 'ann', client: 'ann' } })
    expect(await replaced).toMatchObject([{ code: 'closed', close: 1008 }, 'io server disconnect'])
    const left = nextEvent(watcher, 'left')
    second.disconnect()
    expect(await left).toMatchObject(['ann', {}, expect.any(String)])
  })
})
