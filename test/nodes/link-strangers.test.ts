/** The port of the links and who is no node: strangers get nothing and hold nothing, and what they send ends nobody else. */
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/clock.ts'
import { HEADER, helloHeaders } from '../../src/nodes/link-handshake.ts'
import { LinkKeys, proofOf } from '../../src/nodes/link-keys.ts'
import { NetworkNodes } from '../support/linked-network.ts'

const [A, B] = ['node-a-0001', 'node-b-0002']
const NONCE = 'a'.repeat(43)
const SECRET = Buffer.alloc(32, 1)
const UPGRADE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
]
const nodes = new NetworkNodes()
afterEach(() => nodes.end())

const hello = (to = B) => Object.entries(helloHeaders(A, to, NONCE)).map(([name, value]) => `${name}: ${value}`)
const get = (lines: readonly string[], path = '/link') => `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`

/** What comes on a connection until it is over. */
async function answersTo(address: string, ...sent: (string | Buffer)[]): Promise<string> {
  const socket = nodes.connect(address)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const bytes of sent) socket.write(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString('latin1')
}

describe('a stranger', () => {
  it.each([
    ['bytes that are no HTTP', [Buffer.from([0, 1, 2, 255, 10, 10])]],
    ['a TLS hello', [Buffer.from('16030100a5010000a10303', 'hex')]],
    ['headers without an end', [`GET /link HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`]],
    ['a first frame of a WebSocket', [Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])]],
  ])('that sends %s is cut without an answer', async (_, sent) => {
    const b = await nodes.start(B)
    expect(await answersTo(b.address, ...sent)).toBe('')
    await (await nodes.start(A)).dial(b)
  })

  it.each([
    ['asks for a page', get([], '/')],
    ['asks for a room', get(['Accept: text/html'], '/chat')],
    ['posts', `POST /chat HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`],
    ['waits to be told to post', 'POST /chat HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'],
    ['says a part of a hello', get(hello().slice(1))],
    ['names nodes that none is', get(hello('x'))],
    ['names no version', get([...hello().slice(1), `${HEADER.protocol}: 1e3`])],
  ])('that %s gets 404 and no more', async (_, sent) => {
    const b = await nodes.start(B)
    const answer = await answersTo(b.address, sent)
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(answer.replace(/^Date: .*\r\n/m, '')).toBe(
      'HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    )
  })

  it('of another version, or for another node, is told so', async () => {
    const b = await nodes.start(B)
    const other = await answersTo(b.address, get([...hello().slice(1), `${HEADER.protocol}: 9`]))
    expect(other).toMatch(/^HTTP\/1\.1 505 [\s\S]*corridor-protocol: 1\r\n/)
    expect(await answersTo(b.address, get(hello('node-x-0009')))).toMatch(/^HTTP\/1\.1 421 /)
  })

  it.each([
    ['without a hello', []],
    ['with no proof', [get(hello())]],
    ['with a proof of the wrong length', [get(hello())], `${HEADER.proof}: x`],
    ['with a wrong proof', [get(hello())], `${HEADER.proof}: ${'A'.repeat(43)},${'B'.repeat(43)}`],
  ])('is not upgraded %s', async (_, before, proof = 'x: y') => {
    const b = await nodes.start(B)
    const answer = await answersTo(b.address, ...before, get([...UPGRADE, proof]))
    expect(answer).toMatch(/HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/)
    expect(b.accepted).toEqual([])
  })

  it('has one try: a second proof needs a second hello', async () => {
    const b = await nodes.start(B)
    const answer = await answersTo(b.address, get(hello()), get([...UPGRADE, `${HEADER.proof}: x`]), get(UPGRADE))
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 403'])
  })

  it('cannot say again what a node has said', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    let said = ''
    const relay = createServer((socket) => {
      const on = nodes.connect(b.address)
      socket.on('error', () => {})
      on.pipe(socket)
      socket.on('data', (data) => {
        said += data.toString('latin1')
        on.write(data)
      })
    })
    nodes.onEnd(() => relay.close())
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const at = relay.address()
    await a.dial({ address: `127.0.0.1:${typeof at === 'object' ? at?.port : ''}`, id: B })
    expect(said).toMatch(/corridor-proof: [\w-]{43}\r\n/i)
    const requests = said.split(/(?<=\r\n\r\n)/).slice(0, 2)
    expect(await answersTo(b.address, ...requests)).toMatch(/401 [\s\S]*HTTP\/1\.1 403 Forbidden/)
    expect(b.accepted.length).toBe(1)
  })

  it('that says nothing, or stops after its hello, is cut after 3 s', async () => {
    const late: (() => void)[] = []
    const clock = systemClock()
    const b = await nodes.start(B, {
      clock: {
        ...clock,
        after(ms, fn) {
          if (ms === 3000) late.push(fn)
          return clock.after(ms, fn)
        },
      },
    })
    const [a, ...strangers] = [await nodes.start(A), nodes.connect(b.address), nodes.connect(b.address)]
    const over = strangers.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    strangers[1]?.write(get(hello()))
    await new Promise((resolve) => strangers[1]?.once('data', resolve))
    const near = await a.dial(b)
    for (const end of late) end()
    await Promise.all(over)
    near.channel.send({ op: 'detach', place: 1 })
    await b.accepted[0]?.atLeast(1)
  })
})

describe('a node', () => {
  /** Another program that knows the secret. */
  async function proven(address: string): Promise<WebSocket> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    nodes.onEnd(() => agent.destroy())
    const nonce = await new Promise<string>((resolve) => {
      request(`http://${address}/link`, { agent, headers: helloHeaders(A, B, NONCE) }, (response) => {
        response.resume().once('end', () => resolve(String(response.headers[HEADER.nonce])))
      }).end()
    })
    const [key = Buffer.alloc(0)] = new LinkKeys(systemClock(), () => SECRET).all()
    const proof = proofOf(key, 'dials', { from: A, to: B, nonces: [NONCE, nonce] })
    const socket = new WebSocket(`ws://${address}/link`, { agent, headers: { [HEADER.proof]: proof } })
    nodes.onEnd(() => socket.terminate())
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('open', resolve))
    return socket
  }

  it.each([
    ['a text', 'hello'],
    ['bytes that are no batch', Buffer.from([255, 255, 255, 255, 1])],
    ['nothing', Buffer.alloc(0)],
    ['a head that is no list', Buffer.from('\0\0\0\x02{}')],
  ])('that sends %s is cut', async (_, data) => {
    const b = await nodes.start(B)
    const socket = await proven(b.address)
    expect(socket.extensions).toBe('')
    socket.send(data)
    expect(await b.accepted[0]?.over).toBe('it said what could not be read')
    expect(b.accepted[0]?.messages).toEqual([])
  })

  it('that says more than 72 MiB at once is cut before it has', async () => {
    const b = await nodes.start(B)
    const socket = await proven(b.address)
    const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x04, 0x80, 0, 1])
    Reflect.get(socket, '_socket').write(Buffer.concat([head, Buffer.alloc(4)]))
    expect(await b.accepted[0]?.over).toMatch('(1006): Max payload size exceeded')
  })
})
