/**
 * The handshake, said by a bare socket: the example of RFC 6455, offers of other protocols, upgrades with a body, wrong
 * versions and keys. What is refused gets one HTTP answer and a closed connection; nothing of it reaches a room.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { tell, tellWrong } from '../support/figures.ts'
import { exchange, frame, handshake, KEY, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

const TEXT = 1
let server: TestServer
/** What reached the room. */
const heard: unknown[] = []

const listening = defineRoom({
  open: () => ({
    message: (peer, data) => {
      heard.push(data)
      peer.send(data)
    },
  }),
})

beforeAll(async () => {
  server = await startServer({ rooms: { '/room': { definition: listening }, '/chat': { module: 'chat' } } })
})

afterAll(() => server.close())

describe('a handshake', () => {
  it('of RFC 6455, 1.3, is answered as written there', async () => {
    const client = new RawClient(server.port)
    await client.write(request('GET /room', handshake({ 'Sec-WebSocket-Key': KEY })))
    const { status, headers } = await client.answer()

    expect(status).toBe(101)
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    })
    expect(headers).not.toHaveProperty('sec-websocket-extensions')
    client.reset()
  })

  it('may carry its first frames in the same packet: they reach the room', async () => {
    const client = new RawClient(server.port)
    await client.write(Buffer.concat([Buffer.from(request('GET /room', handshake())), frame(TEXT, 'at once')]))
    expect((await client.answer()).status).toBe(101)
    expect(await client.frame()).toBe('at once')
    client.reset()
  })

  it.each(['WebSocket', 'WEBSOCKET'])('is known by its token in any case (%s)', async (Upgrade) => {
    const client = new RawClient(server.port)
    await client.write(request('GET /room', handshake({ Upgrade, Connection: 'keep-alive, Upgrade' })))
    expect((await client.answer()).status).toBe(101)
    client.reset()
  })
})

describe('a handshake with a version or a key', () => {
  tellWrong('HS7', 'accepted wrongly')

  it.each([undefined, '', '0', '7', '8', '12', '14', '013', '13, 8', '13, 13', '13.0'])(
    'of version %j is answered with 426 and the one version spoken here',
    async (version) => {
      const headers = handshake({ 'Sec-WebSocket-Version': version })
      const answer = await exchange(server.port, request('GET /room', headers))
      expect(answer).toMatchObject({ status: 426, error: 'bad_version', rest: '' })
      expect(answer.headers['sec-websocket-version']).toBe('13')
    },
  )

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one of 15 bytes', 'AAAAAAAAAAAAAAAAAAAA'],
    ['one of 17 bytes', 'AAAAAAAAAAAAAAAAAAAAAAA='],
    ['one with bits in its padding', 'dGhlIHNhbXBsZSBub25jZR=='],
    ['one without padding', 'dGhlIHNhbXBsZSBub25jZQ'],
    ['one in the alphabet of URLs', 'dGhlIHNhbXBs_SBub25jZQ=='],
    ['two in one line', `${KEY}, ${KEY}`],
  ])('with %s for a key is refused', async (_, key) => {
    const headers = handshake({ 'Sec-WebSocket-Key': key })
    const answer = await exchange(server.port, request('GET /room', headers))
    expect(answer).toMatchObject({ status: 400, error: 'bad_handshake', rest: '' })
  })

  it('with two keys is refused', async () => {
    const headers = [...handshake(), ['Sec-WebSocket-Key', KEY] as const]
    expect(await exchange(server.port, request('GET /room', headers))).toMatchObject({ status: 400, rest: '' })
  })

  it('in HTTP/1.0 is refused', async () => {
    const old = request('GET /room', handshake()).replace('HTTP/1.1', 'HTTP/1.0')
    expect(await exchange(server.port, old)).toMatchObject({ status: 400, rest: '' })
  })
})

describe('a refused upgrade', () => {
  it('says why in one line of JSON, ends the connection, and answers nothing more on it', async () => {
    const once = request('GET /nowhere', handshake())
    const answer = await exchange(server.port, once + once + request('GET /healthz', [['Host', '127.0.0.1']]))
    expect(answer).toMatchObject({ status: 404, error: 'no_such_room', rest: '' })
    expect(answer.body).toMatch(/^\{.*\}\n$/)
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/json; charset=utf-8' })
  })
})

describe('an offer of another protocol', () => {
  tellWrong('HS2', 'wrong answers, by offer')
  const plain = (line: string, upgrade?: string) =>
    request(line, handshake({ Upgrade: upgrade, Connection: upgrade && 'Upgrade' }))

  it.each(['h2c', 'TLS/1.0', 'websocket2', 'websocket/13', 'web socket', 'h2c, websocket'])(
    'gets the ordinary answer, and the connection goes on (%s)',
    async (upgrade) => {
      const client = new RawClient(server.port)
      const get = async (offer?: string) => {
        await client.write(plain('GET /chat', offer))
        return client.answer()
      }
      const [without, offered, after] = [await get(), await get(upgrade), await get()]
      expect(without.status).toBe(200)
      expect(offered).toMatchObject({ status: 200, body: without.body })
      expect(after).toMatchObject({ status: 200, body: without.body })
      client.reset()
    },
  )

  it('with the headers of HTTP/2 gets the ordinary answer', async () => {
    const client = new RawClient(server.port)
    const settings = ['HTTP2-Settings', 'AAMAAABkAAQAAP__'] as const
    const headers = [
      ['Host', '127.0.0.1'],
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['Upgrade', 'h2c'],
      settings,
    ] as const
    await client.write(request('GET /chat', headers))
    expect((await client.answer()).status).toBe(200)
    client.reset()
  })

  it.each([
    ['POST', 400],
    ['PUT', 405],
    ['HEAD', 200],
    ['OPTIONS', 204],
  ])('of a %s is no handshake: it gets its ordinary answer, whatever it would upgrade to', async (method, status) => {
    for (const upgrade of ['h2c', 'websocket']) {
      const client = new RawClient(server.port)
      const headers = [...handshake({ Upgrade: upgrade }), ['Content-Length', '0'] as const]
      await client.write(request(`${method} /chat`, headers))
      expect((await client.answer(method === 'HEAD')).status).toBe(status)
      client.reset()
    }
  })
})

describe('an upgrade with a body', () => {
  tellWrong('HS3', 'forms of a body that were let in')
  const smuggled = frame(TEXT, 'smuggled')
  const chunk = Buffer.concat([
    Buffer.from(`${smuggled.length.toString(16)}\r\n`),
    smuggled,
    Buffer.from('\r\n0\r\n\r\n'),
  ])
  const bodies = [
    ['Content-Length', String(smuggled.length), smuggled],
    ['Transfer-Encoding', 'chunked', chunk],
  ] as const

  it.each(bodies)(
    'is refused, and no frame in it reaches a room, wherever it is cut (%s)',
    async (name, value, body) => {
      const head = Buffer.from(request('GET /room', [...handshake(), [name, value]]))
      const whole = Buffer.concat([head, body])
      heard.length = 0
      let leaked = 0
      const cuts = Array.from({ length: whole.length - 1 }, (_, index) => index + 1)
      while (cuts.length > 0) {
        const answers = cuts.splice(0, 32).map((at) => exchange(server.port, whole.subarray(0, at), whole.subarray(at)))
        for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 400, rest: '' })
        leaked += heard.splice(0).length
      }
      tell('HS3', `frames leaked, cut at ${whole.length - 1} places (${name})`, leaked)
      expect(leaked).toBe(0)
    },
  )

  it.each([
    [
      [
        ['Content-Length', '0'],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
    [
      [
        ['Content-Length', '5'],
        ['Content-Length', '0'],
      ],
    ],
    [[['Content-Length', '+0']]],
    [[['Content-Length', '-1']]],
    [[['Transfer-Encoding', 'identity']]],
    [[['Transfer-Encoding', 'gzip, chunked']]],
  ] as const)('in doubtful words is refused: %j', async (more) => {
    heard.length = 0
    const text = request('GET /room', [...handshake(), ...more])
    expect(await exchange(server.port, Buffer.concat([Buffer.from(text), smuggled]))).toMatchObject({ status: 400 })
    expect(heard).toEqual([])
  })

  it('of length 0 has none, and is let in', async () => {
    const client = new RawClient(server.port)
    await client.write(request('GET /room', [...handshake(), ['Content-Length', '0']]))
    expect((await client.answer()).status).toBe(101)
    client.reset()
  })
})
