/** What goes through every proxy with the files that ship, for stock Socket.IO clients: by WebSocket, by polling, and from one to the other. */
import { Agent } from 'node:http'
import { describe, expect, it } from 'vitest'
import { connect } from '../support/client.ts'
import { tell } from '../support/figures.ts'
import { handshake, request } from '../support/raw.ts'
import { ConnectFailed, connectSocketIo, type SocketIoOptions, type SocketIoPeer } from '../support/socketio-peer.ts'
import { ask, converse } from './http.ts'
import type { ProxyKind } from './proxy.ts'
import { type Scene, stageOf } from './stage.ts'

const TRANSPORTS: readonly ('websocket' | 'polling')[] = ['websocket', 'polling']
const ONE_EACH = { rooms: { '/chat': { module: 'chat', limits: { perAddress: 1 } } } }
const SPOOFED = { 'X-Forwarded-For': '198.51.100.7', 'X-Real-IP': '198.51.100.8', Forwarded: 'for=198.51.100.9' }
const CANARY = 'canary-51c0'

/** Joins a room through the proxy. */
function join({ url, ca }: Scene, room: string, options: SocketIoOptions = {}): Promise<SocketIoPeer> {
  const { origin, pathname } = new URL(url)
  const path = `${pathname.replace(/\/$/, '')}/socket.io/`
  return connectSocketIo(`${origin}${room}`, { path, ...(ca && { ca }), ...options })
}

/** Why it was refused: the room's answer, or what the connection failed with. */
const refusal = (joined: Promise<SocketIoPeer>) =>
  joined.then(
    () => 'let in',
    (error: unknown) => (error instanceof ConnectFailed ? (error.data?.code ?? error.message) : String(error)),
  )

export function describeSocketIo(kind: ProxyKind): void {
  describe.each([
    ['http', {}],
    ['https', { isSecure: true }],
    ['http under a sub-path', { basePath: '/sub' }],
  ])(`Socket.IO through ${kind.component}, %s`, (_, play) => {
    const stage = stageOf(kind)

    it('is in one chat with a WebSocket, by every transport', async () => {
      const scene = await stage.open(play)
      const ann = await connect(`${scene.ws}/chat?name=ann`, scene.ca ? { ca: scene.ca } : {})
      stage.defer(() => ann.close())
      for (const [index, transport] of TRANSPORTS.entries()) {
        const ben = await join(scene, '/chat', { transports: [transport], auth: { name: transport } })
        stage.defer(() => ben.close())
        expect(await ben.next('welcome')).toMatchObject({ data: { room: '/chat', you: { name: transport } } })
        ben.send('message', { text: `by ${transport}` }, '1')
        expect(await ben.next('ack')).toMatchObject({ id: '1', seq: 2 * index + 1 })
        expect(await ann.next('message')).toMatchObject({ data: { text: `by ${transport}` } })
        ann.send('message', { text: `to ${transport}` })
        for (const peer of [ann, ben])
          expect(await peer.next('message')).toMatchObject({ seq: 2 * index + 2, data: { text: `to ${transport}` } })
      }
    })

    it('begins by polling, goes on by WebSocket, and loses nothing on the way', async () => {
      const scene = await stage.open(play)
      const ann = await join(scene, '/chat')
      stage.defer(() => ann.close())
      for (let index = 0; index < 20; index += 1) ann.send('message', { text: `${index}` }, `m${index}`)
      await expect.poll(() => ann.socket.io.engine.transport.name).toBe('websocket')
      const heard: string[] = []
      while (heard.length < 20) heard.push((await ann.next<{ text: string }>('message')).data.text)
      expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
    })

    it.each(TRANSPORTS)('brings large messages whole, text and bytes (%s)', async (transport) => {
      const scene = await stage.open(play)
      const echo = await join(scene, '/echo', { transports: [transport] })
      stage.defer(() => echo.close())
      const text = 'ä€😀'.repeat(7000)
      echo.send('message', text)
      expect((await echo.next<string>('message')).data).toBe(text)
      const bytes = Uint8Array.from({ length: 65_536 }, (_, index) => index % 251)
      echo.send('message', bytes)
      expect(new Uint8Array((await echo.next<Uint8Array>('message')).data)).toEqual(bytes)
    })

    it('admits pages of its own host and no other', async () => {
      const scene = await stage.open(play)
      const { origin } = new URL(scene.url)
      for (const transport of TRANSPORTS) {
        const from = (Origin: string) => join(scene, '/chat', { transports: [transport], extraHeaders: { Origin } })
        const own = await from(origin)
        stage.defer(() => own.close())
        for (const other of ['https://evil.example', 'null', `${origin}.evil.example`])
          expect([transport, other, await refusal(from(other))]).not.toContain('let in')
      }
    })

    it('brings the client for browsers', async () => {
      const { url, ca } = await stage.open(play)
      const file = `${url}/socket.io/socket.io.js`
      const { status, headers, body } = await ask(file, { ca })
      expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/javascript/)])
      expect(body).toContain('Socket.IO v4')
      const again = await ask(file, { ca, headers: { 'If-None-Match': headers.etag ?? '' } })
      expect(again.status).toBe(304)
    })
  })

  describe(`Socket.IO through ${kind.component}, outside of the usual path`, () => {
    const stage = stageOf(kind)

    it('has each client’s own address at the server, whatever headers the client sends', async () => {
      const scene = await stage.open({ setup: ONE_EACH })
      for (const [index, transport] of TRANSPORTS.entries()) {
        const enter = (localAddress: string, extraHeaders = {}) =>
          join(scene, '/chat', { transports: [transport], agent: new Agent({ localAddress }) as never, extraHeaders })
        const [one, two] = [`127.0.0.${2 * index + 2}`, `127.0.0.${2 * index + 3}`]
        for (const peer of [await enter(one), await enter(two, SPOOFED)]) stage.defer(() => peer.close())
        for (const headers of [{}, SPOOFED]) expect(await refusal(enter(one, headers))).toBe('too_many')
      }
    })

    it('is back by itself after a reload of the proxy and a lost connection', async () => {
      const scene = await stage.open()
      const peers = await Promise.all(
        TRANSPORTS.map((transport) =>
          join(scene, '/chat', { transports: [transport], reconnection: true, reconnectionDelay: 10 }),
        ),
      )
      for (const peer of peers) stage.defer(() => peer.close())
      const back = peers.map((peer) => new Promise((resolve) => peer.socket.once('connect', () => resolve(true))))
      await scene.proxy.reload()
      for (const peer of peers) peer.socket.io.engine.close()
      expect(await Promise.all(back)).toEqual([true, true])
    })

    it('makes no tunnel of an upgrade that was refused', async () => {
      const { proxy } = await stage.open({ setup: ONE_EACH })
      const Host = `127.0.0.1:${proxy.port}`
      const hidden = request('GET /metrics', [
        ['Host', Host],
        ['Connection', 'close'],
      ])
      const path = 'GET /socket.io/?EIO=4&transport=websocket'
      const tries = [
        request(path, handshake({ Host, 'Sec-WebSocket-Version': '7777' })),
        request(path, handshake({ Host, Origin: 'https://evil.example' })),
        request(path, handshake({ Host, 'Sec-WebSocket-Key': 'short' })),
        request(`${path}&sid=guessed`, handshake({ Host })),
        request('GET /socket.io/', handshake({ Host })),
      ]
      let answered = 0
      for (const text of tries) {
        const said = await converse(proxy.port, text + hidden)
        const [first = '', second, ...more] = said.split(/(?=HTTP\/1\.1 \d{3} )/)
        if (/no_such_room|corridor_/.test([second, ...more].join(''))) answered += 1
        expect(first, text).toMatch(/^HTTP\/1\.1 [245]\d\d /)
        expect(second ?? 'HTTP/1.1 404 ', text).toMatch(/^HTTP\/1\.1 404 /)
        expect(second ?? '', text).not.toContain('no_such_room')
        expect(more, text).toEqual([])
      }
      tell(
        'PX7',
        `second requests answered behind a refused Socket.IO upgrade, ${kind.component}`,
        `${answered} of ${tries.length}`,
      )
    })

    it('writes no session, name or token into its log', async () => {
      const scene = await stage.open()
      const auth = { name: CANARY, client: CANARY }
      const ann = await join(scene, '/chat', { transports: ['polling'], auth, query: { secret: CANARY } })
      const { id = '' } = ann.socket.io.engine
      await ann.next('welcome')
      ann.send('message', { text: CANARY }, '1')
      await ann.next('ack')
      ann.close()
      await expect.poll(() => scene.proxy.log()).toContain('socket.io')
      expect(scene.proxy.log()).not.toContain(CANARY)
      expect(scene.proxy.log()).not.toContain(id)
    })
  })
}
