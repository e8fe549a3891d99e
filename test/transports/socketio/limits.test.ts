/** A Socket.IO client over a limit, or hostile: what it meets, and that its neighbours notice nothing. */
import type { Socket as NetSocket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { BRIEF_DRAIN, type Line, startServer, type TestServer } from '../../support/server.ts'
import { nextEvent, socketIoClients } from '../../support/socketio.ts'

const said = defineRoom({
  summary: 'Publishes what is said.',
  receives: { say: z.string(), much: z.int() },
  sends: { said: z.string() },
  open: (room) => ({
    receive: {
      say: async (_, text) => void (await room.publish('said', text)),
      much: (_, times) => {
        for (let index = 0; index < times; index += 1) room.broadcast('said', 'x'.repeat(60_000))
      },
    },
  }),
})
const rooms: Record<string, Line> = {
  '/a': { definition: said },
  '/b': { definition: said, limits: { buffered: '64KiB' } },
  '/small': { definition: said, limits: { payload: '1KiB' } },
  '/relay': { module: 'relay', limits: { rate: { perSecond: 1, burst: 3 } } },
}

let server: TestServer
const clients = socketIoClients()

afterEach(async () => {
  clients.close()
  await server.close()
})

/** A bare client of Engine.IO. */
async function bare(): Promise<WebSocket> {
  const socket = new WebSocket(`${server.ws}/socket.io/?EIO=4&transport=websocket`)
  await new Promise((resolve) => socket.once('open', resolve))
  return socket
}

function heard(socket: WebSocket, start: string): Promise<string> {
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      if (String(data).startsWith(start)) resolve(String(data))
    })
  })
}

const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))

describe('a client', () => {
  it('that sends too much at once loses its namespace alone', async () => {
    server = await startServer({ rooms })
    const a = clients.open(server.url, '/a')
    const small = a.io.socket('/small')
    await Promise.all([nextEvent(a, 'welcome'), nextEvent(small, 'welcome')])
    const error = nextEvent(small, 'error')
    small.emit('say', 'x'.repeat(2000))
    expect(await error).toMatchObject([{ code: 'closed', close: 1009 }, {}, expect.any(String)])
    expect(await a.emitWithAck('say', 'x'.repeat(2000))).toMatchObject({ ok: true })
  })

  it('that polls is sent the whole past of a room, as far as the room lets it wait', async () => {
    server = await startServer({ rooms: { '/a': { definition: said } } })
    const ann = clients.open(server.url, '/a')
    await nextEvent(ann, 'welcome')
    for (const letter of 'abc') await ann.emitWithAck('say', letter.repeat(60_000))
    const late = clients.open(server.url, '/a', { transports: ['polling'], reconnection: false })
    let heard = ''
    late.on('said', (text: string) => {
      heard += text[0]
    })
    await expect.poll(() => heard).toBe('abc')
    expect(await late.emitWithAck('say', 'd')).toMatchObject({ ok: true })
  })

  it('that polls is sent the past of a room when it joins, however large its events are', async () => {
    server = await startServer({ rooms: { '/large': { definition: said, limits: { payload: '512KiB' } } } })
    const ann = clients.open(server.url, '/large')
    await nextEvent(ann, 'welcome')
    await ann.emitWithAck('say', 'x'.repeat(400_000))
    const late = clients.open(server.url, '/large', { transports: ['polling'], reconnection: false })
    const ended = Promise.race([nextEvent(late, 'disconnect'), nextEvent(late, 'connect_error')])
    const heard = await Promise.race([nextEvent(late, 'said'), ended])
    expect(heard).toEqual(['x'.repeat(400_000), expect.objectContaining({ seq: 1 }), expect.any(String)])
    expect(await late.emitWithAck('say', 'still here')).toMatchObject({ ok: true })
  })

  it('over its rate is told in its answers, and closed for good if it does not listen', async () => {
    server = await startServer({
      rooms: { '/a': { definition: said, limits: { rate: { perSecond: 1, burst: 2 }, abuse: 2 } } },
    })
    const a = clients.open(server.url, '/a')
    await nextEvent(a, 'welcome')
    const error = nextEvent(a, 'disconnect')
    const answers = await Promise.all(['1', '2', '3'].map((text) => a.emitWithAck('say', text)))
    expect(answers).toMatchObject([{ ok: true }, { ok: true }, { ok: false, code: 'rate_limited' }])
    for (let index = 0; index < 10; index += 1) a.emit('say', 'again')
    expect((await error)[0]).toBe('io server disconnect')
  })

  it.each([
    ['a number of attachments', '451000000000-/a,["say",{"_placeholder":true,"num":0}]'],
    ['an unknown packet', '49'],
    ['a reserved event', '42/a,["disconnect"]'],
    ['JSON that is none', '42/a,["say",'],
    ['an event before it is in', '42/nowhere,["say","hi"]'],
    ['bytes of nothing', Buffer.from([1, 2, 3])],
    ['a ping of the other direction', '2'],
  ])('with %s ends its own connection', async (_, packet) => {
    server = await startServer({ rooms })
    const neighbour = clients.open(server.url, '/a')
    await nextEvent(neighbour, 'welcome')
    const socket = await bare()
    const over = closed(socket)
    const welcome = heard(socket, '42/a,["welcome"')
    socket.send('40/a,')
    await welcome
    socket.send(packet)
    await over
    expect(await neighbour.emitWithAck('say', 'hi')).toMatchObject({ ok: true })
  })

  it.each([
    ['__proto__', '42/a,1["__proto__",{}]', 'unknown_type'],
    ['a prototype in the data', '42/a,1["say",{"__proto__":{"a":1}}]', 'bad_json'],
    ['a name that is a number', '42/a,1[5,"x"]', 'bad_message'],
    ['data deeper than the stack', `42/a,1["say",${'['.repeat(20_000)}${']'.repeat(20_000)}]`, 'bad_'],
  ])('with %s is answered', async (_, packet, code) => {
    server = await startServer({ rooms })
    const socket = await bare()
    const welcome = heard(socket, '42/a,["welcome"')
    socket.send('40/a,')
    await welcome
    const answer = heard(socket, '43/a,1[')
    socket.send(packet)
    expect(await answer).toContain(`"code":"${code}`)
    socket.close()
  })

  it('that reads nothing is ended when more waits than the largest of its rooms allows', async () => {
    server = await startServer({ rooms })
    const speaker = clients.open(server.url, '/b')
    await nextEvent(speaker, 'welcome')
    const socket = await bare()
    const welcomes = [heard(socket, '42/a,["welcome"'), heard(socket, '42/b,["welcome"')]
    socket.send('40/a,')
    socket.send('40/b,')
    await Promise.all(welcomes)
    const net = Reflect.get(socket, '_socket') as NetSocket
    net.pause()
    for (let times = 0; times < 20; times += 1) await speaker.emitWithAck('much', 20)
    const over = closed(socket)
    net.resume()
    await over
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/limit="limits.buffered"\} [1-9]/)
  })

  it('that floods a raw room is read more slowly, over polling too', async () => {
    server = await startServer({ rooms })
    const listener = clients.open(server.url, '/relay')
    const speaker = clients.open(server.url, '/relay', { transports: ['polling'] })
    await Promise.all([nextEvent(listener, 'connect'), nextEvent(speaker, 'connect')])
    const heard: unknown[] = []
    const last = new Promise<void>((resolve) => {
      listener.on('message', (text) => heard.push(text) === 6 && resolve())
    })
    for (let index = 0; index < 5; index += 1) speaker.emit('message', String(index))
    expect(await speaker.timeout(10_000).emitWithAck('message', '5')).toEqual({ ok: true, kept: 'memory' })
    await last
    expect(heard).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  it('that posts more than any room takes is refused, however it says so', async () => {
    server = await startServer({ rooms, env: BRIEF_DRAIN })
    const poll = `${server.url}/socket.io/?EIO=4&transport=polling`
    const { sid } = JSON.parse((await (await fetch(poll)).text()).slice(1))
    const body = '4'.repeat(1_000_000)
    expect((await fetch(`${poll}&sid=${sid}`, { method: 'POST', body })).status).toBe(413)
    const stream = new Blob([body]).stream()
    const chunked = fetch(`${poll}&sid=${sid}`, { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
    const status = await chunked.then(
      (answer) => answer.status,
      () => 413,
    )
    expect(status).toBe(413)
  })
})

describe('a new configuration', () => {
  it.each(['websocket', 'polling'])('with larger messages holds for the next connection: %s', async (transport) => {
    const lines = (payload: string) => ({ rooms: { '/small': { definition: said, limits: { payload } } } })
    server = await startServer(lines('1KiB'))
    await server.reload(lines('64KiB'))
    const client = clients.open(server.url, '/small', { transports: [transport] })
    await nextEvent(client, 'welcome')
    expect(await client.emitWithAck('say', 'x'.repeat(50_000))).toMatchObject({ ok: true })
  })
})
