/**
 * Silence through the proxies with the files that ship, for more than a minute, at all three at once: nothing is cut, and
 * a connection that was kept is never closed under a request. It takes its time, so everything is looked at in one go.
 */
import { Agent } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import { commandOf, need } from '../support/components.ts'
import { tell } from '../support/figures.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connectSocketIo, type SocketIoPeer } from '../support/socketio-peer.ts'
import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { ask, Stream } from './http.ts'
import { nginx } from './nginx.ts'
import type { RunningProxy } from './proxy.ts'

const KINDS = [nginx, caddy, haproxy]
/** More than a minute, which is where balancers cut by default; `FULL=1`: a quarter of an hour. */
const IDLE_MS = process.env.FULL === '1' ? 900_000 : 75_000
/** When a kept connection is used again: where Node by itself would close it, and where we do. */
const PAUSES_MS = [...spread(4800, 5300, 12), ...spread(70_500, 74_500, 24)]

interface Look {
  readonly socket: Client
  readonly stream: Stream
  /** Socket.IO clients, by polling and by WebSocket. */
  readonly socketIo: readonly SocketIoPeer[]
  /** Status of the second request after each pause. */
  readonly again: readonly number[]
  /** How many messages were kept. */
  readonly kept: number
  /** How long a request was listened to that never ended its headers. */
  readonly endlessMs: number
  /** How long the server listened to bodies that came a byte a second. */
  readonly slowBodiesMs: readonly number[]
  /** How often somebody else was answered meanwhile, of how often one asked. */
  readonly honest: { readonly asked: number; readonly answered: number }
  readonly closed: { code: number; reason: string } | undefined
}

const looks = new Map<string, Look>()
let proxies: RunningProxy[] = []
let servers: TestServer[] = []

beforeAll(async () => {
  await Promise.all(
    KINDS.map(async (kind) => {
      const program = commandOf(kind.component)
      if (!program) return
      const rooms = { '/chat': { module: 'chat' }, '/quiet': { module: 'chat' }, '/echo': { module: 'echo' } }
      const server = await startServer({ rooms, env: { TRUST_PROXY: '127.0.0.1' } })
      servers.push(server)
      const proxy = await kind.start(program, { servers: [server.port] })
      proxies.push(proxy)
      looks.set(kind.component, await look(proxy.port, server))
    }),
  )
}, IDLE_MS + 20_000)

afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  await Promise.all(servers.map((server) => server.close()))
  proxies = []
  servers = []
})

describe.each(KINDS)('$component', ({ component }) => {
  need(component)

  it('keeps a WebSocket on which nobody speaks', async () => {
    const { socket, closed, stream } = looks.get(component) as Look
    tell(
      'PX1',
      `drops in ${IDLE_MS / 1000} s of silence, ${component}`,
      Number(closed !== undefined) + Number(stream.hasEnded),
    )
    expect(closed).toBeUndefined()
    socket.sendText('still here')
    expect(await socket.nextText()).toBe('still here')
  })

  it('keeps an event stream on which nobody speaks', () => {
    const { stream } = looks.get(component) as Look
    expect(stream.hasEnded).toBe(false)
    expect(stream.text.split('\n:\n').length).toBeGreaterThan(3)
  })

  it('keeps Socket.IO clients that say nothing', async () => {
    const { socketIo } = looks.get(component) as Look
    const dropped = socketIo.filter(({ socket }) => !socket.connected).length
    tell('PX1', `Socket.IO clients lost in ${IDLE_MS / 1000} s of silence, ${component}`, `${dropped} of 2`)
    for (const peer of socketIo) {
      peer.send('typing', {}, 'still-here')
      expect(await peer.next('ack')).toMatchObject({ id: 'still-here' })
      peer.close()
    }
    expect(dropped).toBe(0)
  })

  it('takes each message once, however long its connection waited', () => {
    const { again, kept } = looks.get(component) as Look
    const wrong = again.filter((status) => status !== 204).length
    tell('PX4', `refused on a connection that was kept, ${component}`, `${wrong} of ${again.length}`)
    tell('PX4', `lost or doubled, ${component}`, Math.abs(kept - PAUSES_MS.length * 2))
    expect(again).toEqual(PAUSES_MS.map(() => 204))
    expect(kept).toBe(PAUSES_MS.length * 2)
  })

  it('lets a body that comes a byte a second hold up nobody, and gives the server no more than its time for it', () => {
    const { slowBodiesMs, honest } = looks.get(component) as Look
    expect(honest.asked).toBeGreaterThan(30)
    expect(honest.answered).toBe(honest.asked)
    // nginx has a whole body before its server hears of the request, and waits 30 s for each part of it.
    expect(slowBodiesMs).toHaveLength(component === 'nginx' ? 0 : 1)
    for (const ms of slowBodiesMs) {
      tell('ST4', `s the server listens to a body of a byte a second, ${component}`, ms / 1000)
      expect(ms).toBeGreaterThan(25_000)
      expect(ms).toBeLessThan(40_000)
    }
    tell('ST4', `others answered at once meanwhile, of ${honest.asked}, ${component}`, honest.answered)
  })

  it('listens no longer than some seconds to a request that comes drop by drop', () => {
    const { endlessMs } = looks.get(component) as Look
    expect(endlessMs).toBeGreaterThan(5000)
    expect(endlessMs).toBeLessThan(15_000)
  })
})

async function look(port: number, { logs }: TestServer): Promise<Look> {
  const startedMs = Date.now()
  const url = `http://127.0.0.1:${port}`
  const socket = await connect(`ws://127.0.0.1:${port}/echo`)
  let closed: Look['closed']
  void socket.closed.then((end) => {
    closed = end
  })
  const stream = await Stream.open(`${url}/quiet?client=a&name=ann&live=sse`)
  const socketIo = await Promise.all(
    (['polling', 'websocket'] as const).map((transport) =>
      connectSocketIo(`${url}/quiet`, { transports: [transport], auth: { name: transport } }),
    ),
  )
  const [again, endlessMs, , honest] = await Promise.all([
    Promise.all(PAUSES_MS.map((ms) => twice(url, ms))),
    drip(port, 'GET /chat HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    drip(port, 'POST /quiet HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n'),
    asking(`${url}/healthz`),
    pause(IDLE_MS),
  ])
  const kept = JSON.parse((await ask(`${url}/chat`)).body).seq
  // A proxy may also dial ahead, and gets a timeout on such an unused connection after some seconds.
  const late = logs.filter(({ limit }) => limit === 'server.limits.requestTimeout')
  const slowBodiesMs = late.map(({ time }) => Number(time) - startedMs)
  return { socket, stream, socketIo, again, kept, endlessMs, slowBodiesMs, honest, closed }
}

/** Says something, waits, and says something on the same connection. → the second answer's status */
async function twice(url: string, ms: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const say = (text: string) =>
    ask(`${url}/chat`, {
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type: 'message', data: { text } }),
    })
  try {
    expect((await say('first')).status).toBe(204)
    await pause(ms)
    return (await say('again')).status
  } finally {
    agent.destroy()
  }
}

/** Asks each second. → how often, and how often there was an answer at once */
async function asking(url: string): Promise<Look['honest']> {
  const startedMs = performance.now()
  const honest = { asked: 0, answered: 0 }
  while (performance.now() - startedMs < IDLE_MS - 2000) {
    const askedMs = performance.now()
    const { status } = await ask(url)
    honest.asked += 1
    if (status === 200 && performance.now() - askedMs < 1000) honest.answered += 1
    await pause(1000)
  }
  return honest
}

/** Begins a request and goes on with it a byte a second. → ms until somebody had enough, and answered or ended it */
async function drip(port: number, begin: string): Promise<number> {
  const startedMs = performance.now()
  const socket = connectTcp({ port, host: '127.0.0.1' })
  socket.write(begin)
  const timer = setInterval(() => socket.write('a'), 1000)
  await new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.destroy())
    socket.on('end', () => socket.end())
    socket.on('close', resolve)
    setTimeout(() => socket.destroy(), IDLE_MS).unref()
  })
  clearInterval(timer)
  return performance.now() - startedMs
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function spread(fromMs: number, toMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => fromMs + ((toMs - fromMs) * index) / count)
}
