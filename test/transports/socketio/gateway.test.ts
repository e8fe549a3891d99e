/** Socket.IO clients in rooms: a stock client of version 4 over both transports. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../../src/define.ts'
import { type Line, startServer, type TestServer } from '../../support/server.ts'

const said = defineRoom({
  summary: 'Publishes what is said.',
  receives: { say: z.string(), ping: z.undefined(), fail: z.string() },
  sends: { said: z.string(), hello: z.string() },
  open: (room) => ({
    join: (peer) => peer.send('hello', peer.name),
    receive: {
      say: async (_, text) => void (await room.publish('said', text)),
      ping() {},
      fail(_, text) {
        throw new RoomError('no', text, { why: 1 })
      },
    },
  }),
})
const rooms: Record<string, Line> = {
  '/said': { definition: said },
  '/r/:name': { definition: said },
  '/echo': { module: 'echo' },
}

let server: TestServer
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await server.close()
})

function open(path: string, options: Partial<ManagerOptions & SocketOptions> = {}): Socket {
  const socket = io(`http://127.0.0.1:${server.port}${path}`, { forceNew: true, ...options })
  sockets.push(socket)
  return socket
}

/** The next event of a name, with all its arguments. */
function next(socket: Socket, name: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(name, (...args) => resolve(args)))
}

describe.each([['websocket'], ['polling']])('over %s', (transport) => {
  const options = { transports: [transport], upgrade: false }

  it('welcomes first, and answers each message', async () => {
    server = await startServer({ rooms })
    const socket = open('/said', { ...options, auth: { name: 'ann' } })
    const heard: unknown[] = []
    socket.onAny((...args) => heard.push(args))
    const hello = next(socket, 'hello')
    expect(await next(socket, 'welcome')).toMatchObject([{ room: '/said', you: { name: 'ann' } }, {}, /_0{16}$/])
    expect(await hello).toMatchObject(['ann', {}, expect.any(String)])
    const event = next(socket, 'said')
    expect(await socket.emitWithAck('say', 'hi')).toEqual({ ok: true, seq: 1, kept: 'memory' })
    expect(await event).toMatchObject(['hi', { seq: 1 }, expect.stringMatching(/_0{15}1$/)])
    expect(await socket.emitWithAck('ping', null)).toEqual({ ok: true, kept: 'memory' })
    expect(await socket.emitWithAck('say', 1)).toMatchObject({ ok: false, code: 'invalid', issues: [{}] })
    expect(await socket.emitWithAck('fail', 'why')).toEqual({
      ok: false,
      code: 'no',
      message: 'why',
      details: { why: 1 },
    })
    expect(await socket.emitWithAck('say', 'a', 'b', 'c')).toMatchObject({ ok: false, code: 'bad_message' })
    expect(heard.map((args) => (args as unknown[])[0])).toEqual(['welcome', 'hello', 'said'])
    const error = next(socket, 'error')
    socket.emit('fail', 'aloud')
    expect(await error).toMatchObject([{ code: 'no', message: 'aloud' }, {}, expect.any(String)])
  })

  it('says with each event where a client is in the log, and retries without a double', async () => {
    server = await startServer({ rooms })
    const first = open('/said', { ...options, retries: 3, ackTimeout: 10_000, auth: { client: 'one' } })
    expect(await first.emitWithAck('say', 'one', { id: 'a' })).toEqual({ ok: true, seq: 1, kept: 'memory' })
    expect(await first.emitWithAck('say', 'one', { id: 'a' })).toEqual({
      ok: true,
      seq: 1,
      kept: 'memory',
      duplicate: true,
    })
    const second = open('/said', options)
    const heard: unknown[] = []
    const hello = next(second, 'hello')
    second.onAny((type, _data, _meta, offset) => heard.push([type, Number(String(offset).split('_')[1])]))
    await hello
    // What was before the history, the history, and what came after it.
    expect(heard).toEqual([
      ['welcome', 0],
      ['said', 1],
      ['hello', 1],
    ])
  })

  it('sends text and bytes of a raw room as they are', async () => {
    server = await startServer({ rooms })
    const socket = open('/echo', options)
    const text = next(socket, 'message')
    socket.send('é')
    expect(await text).toEqual(['é'])
    const bytes = next(socket, 'message')
    socket.send(Buffer.from([1, 2, 255]))
    expect(await bytes).toEqual([Buffer.from([1, 2, 255])])
  })

  it('refuses with data', async () => {
    server = await startServer({ rooms })
    const socket = open('/nowhere', options)
    const [error] = await next(socket, 'connect_error')
    expect(error).toMatchObject({ data: { code: 'no_such_room', status: 404, message: expect.any(String) } })
  })

  it('serves several namespaces on one connection', async () => {
    server = await startServer({ rooms })
    const one = open('/r/tea', options)
    const two = one.io.socket('/r/caf%C3%A9')
    const welcomes = Promise.all([next(one, 'welcome'), next(two, 'welcome')])
    expect(await welcomes).toMatchObject([
      [{ room: '/r/tea' }, {}, expect.any(String)],
      [{ room: '/r/caf%C3%A9' }, {}, expect.any(String)],
    ])
  })
})
