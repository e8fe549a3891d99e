/** How a Socket.IO client gets in: paths, the base path, tokens, origins, and the gateway off. */

import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../../src/define.ts'
import { BRIEF_DRAIN, type Line, startServer, type TestServer } from '../../support/server.ts'
import { nextEvent, type SocketIoOptions, socketIoClients } from '../../support/socketio.ts'
import { SECRET, sign } from '../../support/tokens.ts'

const said = defineRoom({
  summary: 'Publishes what is said.',
  receives: { say: z.string() },
  sends: { said: z.string() },
  open: (room) => ({ receive: { say: async (_, text) => void (await room.publish('said', text)) } }),
})
const picky = defineRoom({
  summary: 'Lets in who knows the word.',
  receives: {},
  sends: {},
  admit: (_, { query }) => {
    if (query.get('word') !== 'please') throw new RoomError('no_word', 'say the word', { hint: 6 })
  },
  open: () => ({}),
})
const rooms: Record<string, Line> = {
  '/': { definition: said },
  '/r/:name': { definition: said },
  '/picky': { definition: picky },
  '/members': { definition: said, auth: { secret: SECRET } },
  '/listed': { definition: said, origins: ['https://example.org'] },
}

let server: TestServer
const clients = socketIoClients()

afterEach(async () => {
  clients.close()
  await server.close()
})

/** The welcome of a room, or why it refused. */
function answerOf(path: string, options: SocketIoOptions = {}): Promise<unknown> {
  const socket = clients.open(server.url, path, options)
  return new Promise((resolve) => {
    socket.once('welcome', (welcome) => resolve(welcome))
    socket.once('connect_error', (error) => resolve('data' in error ? error.data : error.message))
  })
}

describe('a namespace', () => {
  it.each([['websocket'], ['polling']])(
    'is connected anew, with another `auth`, on its connection, over %s',
    async (transport) => {
      server = await startServer({ rooms })
      const a = clients.open(server.url, '/r/a', {
        transports: [transport],
        reconnection: false,
        auth: { name: 'ann' },
      })
      const b = a.io.socket('/r/b')
      await Promise.all([nextEvent(a, 'welcome'), nextEvent(b, 'welcome')])
      const engine = a.io.engine
      a.auth = { name: 'ben' }
      const again = nextEvent(a, 'welcome')
      a.disconnect().connect()
      expect(await again).toMatchObject([{ you: { name: 'ben' } }, {}, expect.any(String)])
      expect(await b.emitWithAck('say', 'still here')).toMatchObject({ ok: true })
      expect(a.io.engine).toBe(engine)
    },
  )

  it('is a path, percent-decoded or not', async () => {
    server = await startServer({ rooms })
    expect(await answerOf('/')).toMatchObject({ room: '/' })
    for (const path of ['/r/é', '/r/%C3%A9', '/r/%c3%a9/'])
      expect(await answerOf(path)).toMatchObject({ room: '/r/%C3%A9' })
    expect(await answerOf('/r/a%2Cb')).toMatchObject({ room: '/r/a%2Cb' })
    for (const path of ['/r/..', '/r/a%2Fb'])
      expect(await answerOf(path)).toMatchObject({ code: 'bad_target', status: 400 })
    expect(await answerOf('/r/a/b')).toMatchObject({ code: 'no_such_room', status: 404 })
    expect(await answerOf('/socket.io/x')).toMatchObject({ code: 'no_such_room', status: 404 })
  })

  it('is below the base path, which only the requests have', async () => {
    server = await startServer({ rooms, env: { BASE_PATH: '/sub' } })
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']])
      expect(await answerOf('/r/tea', { transports })).toMatchObject({ room: '/r/tea' })
    expect((await fetch(`${server.url}/socket.io/socket.io.js`)).status).toBe(200)
  })

  it('says why it refuses, with all the gate knows', async () => {
    server = await startServer({ rooms: { ...rooms, '/full': { definition: said, limits: { peers: 1 } } } })
    expect(await answerOf('/members')).toMatchObject({ code: 'no_token', status: 401 })
    expect(await answerOf('/members', { auth: { token: 'x' } })).toMatchObject({ code: 'bad_token', status: 401 })
    const token = await sign({ sub: 'ann', name: 'Ann' })
    expect(await answerOf('/members', { auth: { token } })).toMatchObject({ you: { id: 'ann', name: 'Ann' } })
    expect(await answerOf('/members', { auth: (give) => give({ token }) })).toMatchObject({ you: { id: 'ann' } })
    expect(await answerOf('/picky')).toMatchObject({ code: 'no_word', status: 403, details: { hint: 6 } })
    expect(await answerOf('/picky', { auth: { word: 'please' } })).toMatchObject({ room: '/picky' })
    expect(await answerOf('/r/tea', { auth: { name: {} } })).toMatchObject({ code: 'bad_name', status: 400 })
    expect(await answerOf('/full')).toMatchObject({ room: '/full' })
    expect(await answerOf('/full')).toMatchObject({ code: 'room_full', status: 503, retryAfterMs: 10_000 })
  })

  it('takes pages of its own origins alone, and answers those that some room lists', async () => {
    server = await startServer({ rooms, env: BRIEF_DRAIN })
    const from = (origin: string) => ({ extraHeaders: { Origin: origin } })
    for (const transports of [['websocket'], ['polling']]) {
      const listed = { transports, ...from('https://example.org') }
      expect(await answerOf('/listed', listed)).toMatchObject({ room: '/listed' })
      expect(await answerOf('/r/tea', listed)).toMatchObject({ code: 'foreign_origin', status: 403 })
      expect(await answerOf('/listed', { transports, ...from('https://evil.example') })).toMatch(/error/)
    }
    const poll = `${server.url}/socket.io/?EIO=4&transport=polling`
    const answer = await fetch(poll, { headers: { Origin: 'https://example.org' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://example.org')
    const refused = await fetch(poll, { headers: { Origin: 'https://evil.example' } })
    expect({ status: refused.status, allowed: refused.headers.get('access-control-allow-origin') }).toEqual({
      status: 403,
      allowed: null,
    })
  })
})

describe('the gateway', () => {
  it('is not there where it is off', async () => {
    server = await startServer({ rooms, server: { socketio: false } })
    for (const path of ['/socket.io/?EIO=4&transport=polling', '/socket.io/socket.io.js'])
      expect((await fetch(server.url + path)).status).toBe(404)
    const socket = new WebSocket(`${server.ws}/socket.io/?EIO=4&transport=websocket`)
    const status = new Promise((resolve) =>
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)),
    )
    socket.on('error', () => {})
    expect(await status).toBe(404)
  })

  it('answers twice the same namespace once, and leaves nothing of a refused one', async () => {
    server = await startServer({ rooms })
    const socket = new WebSocket(`${server.ws}/socket.io/?EIO=4&transport=websocket`)
    const packets: string[] = []
    const last = new Promise<void>((resolve) =>
      socket.on('message', (data) => {
        packets.push(String(data))
        if (String(data).startsWith('43/r/a,')) resolve()
      }),
    )
    await new Promise((resolve) => socket.once('open', resolve))
    for (const packet of ['40/r/a,', '40/r/a,', '40/nowhere,', '40/nowhere,', '40/r/a,']) socket.send(packet)
    await new Promise<void>((resolve) => {
      const wait = () =>
        packets.some((packet) => packet.startsWith('42/r/a,["welcome"')) ? resolve() : setImmediate(wait)
      wait()
    })
    socket.send('42/r/a,1["say","hi"]')
    await last
    socket.close()
    const kinds = packets.map((packet) => packet.slice(0, packet.indexOf(',') + 1) || packet.slice(0, 1))
    expect(kinds.filter((kind) => kind === '40/r/a,')).toHaveLength(1)
    expect(kinds.indexOf('40/r/a,')).toBeLessThan(kinds.indexOf('42/r/a,'))
    expect(packets.filter((packet) => packet.startsWith('44/nowhere,')).length).toBeGreaterThan(0)
  })

  it('loses, doubles and reorders nothing while a client goes from polling to a WebSocket', async () => {
    const limits = { rate: { perSecond: 100_000, burst: 100_000 } }
    server = await startServer({ rooms, defaults: { limits } })
    const speaker = clients.open(server.url, '/r/tea', { transports: ['websocket'] })
    await nextEvent(speaker, 'welcome')
    const listener = clients.open(server.url, '/r/tea')
    const heard: unknown[] = []
    listener.on('said', (text) => heard.push(text))
    const upgraded = new Promise<void>((resolve) =>
      listener.io.on('open', () => listener.io.engine.once('upgrade', () => resolve())),
    )
    let said = 0
    let isDone = false
    const speaking = (async () => {
      while (!isDone || said < 50) await speaker.timeout(5000).emitWithAck('say', String(said++))
    })()
    await upgraded
    isDone = true
    await speaking
    const all = new Promise<void>((resolve) => {
      const wait = () => (heard.at(-1) === String(said - 1) ? resolve() : setImmediate(wait))
      wait()
    })
    await all
    const first = Number(heard[0])
    expect(heard).toEqual(Array.from({ length: said - first }, (_, index) => String(first + index)))
  })
})
