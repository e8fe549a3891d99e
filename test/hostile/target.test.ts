/**
 * What a request may ask for: hostile targets, hosts and names, said as a page request and as an upgrade. Both are read
 * by the same rules, so that no path is a room to one and something else to the other.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellWrong } from '../support/figures.ts'
import { type Headers, handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({
    // Which names are ours, `hosts.test.ts` asks.
    env: { ALLOWED_HOSTS: '*' },
    rooms: {
      '/chat': { module: 'chat' },
      '/r/:name': { module: 'chat' },
      '/:anything': { module: 'echo' },
      '/known': { module: 'echo', protocols: ['constructor', 'a'] },
    },
  })
})

afterAll(() => server.close())

/** The status of a request for `target`, as a program asks for a description and as an upgrade. */
async function statuses(
  target: string,
  hosts: Headers = [['Host', '127.0.0.1']],
): Promise<[http: number, upgrade: number]> {
  const ask = async (headers: Headers) => {
    const client = new RawClient(server.port)
    await client.write(request(`GET ${target}`, [...hosts, ...headers]))
    const { status } = await client.answer()
    client.reset()
    return status
  }
  return Promise.all([ask([]), ask(handshake({ Host: undefined }))])
}

describe('a target', () => {
  tellWrong('HS4', 'targets on which HTTP and upgrade disagree, or that throw')
  it.each([
    '//',
    '//[',
    '///chat',
    '//chat',
    '/chat//',
    '/r//tea',
    '*',
    '%',
    '/%',
    '/%zz',
    '/chat%',
    '/%c3%28',
    '/%2e%2e',
    '/%2e%2e/chat',
    '/../chat',
    '/./chat',
    '/r/..',
    '/r/%2E',
    '/r/a%2fb',
    '/r/a%5cb',
    '/r/a\\b',
    '/chat%00',
    '/r/%0d%0a',
    '/r/%7f',
    '/chat#here',
    '/r/<b>',
    'chat',
    '?',
    'http://127.0.0.1/chat',
    'https://elsewhere.example/chat',
    'ws://127.0.0.1/chat',
    `/r/${'a'.repeat(8192)}`,
    `/chat?${'a'.repeat(8192)}`,
  ])('that no two readers read alike is refused: %j', async (target) => {
    expect(await statuses(target)).toEqual([400, 400])
  })

  it.each(['/nowhere/at/all', '/Chat/x', `/r/${'a'.repeat(129)}`, '/chat;a=b/c'])(
    'where no room is gets 404: %j',
    async (target) => {
      expect(await statuses(target)).toEqual([404, 404])
    },
  )

  it.each([
    ['/chat', '/chat'],
    ['/chat?', '/chat'],
    ['/chat/', '/chat'],
    ['/chat/?', '/chat'],
    ['/%63hat/', '/chat'],
    ['/r/tea/', '/r/tea'],
    ['/r/%74ea/', '/r/tea'],
    ['/%63hat', '/chat'],
    ['/r/tea', '/r/tea'],
    ['/r/%74ea', '/r/tea'],
    ['/r/a;b', '/r/a%3Bb'],
    ['/r/%E8%8C%B6', '/r/%E8%8C%B6'],
    ['/r/%e8%8c%b6', '/r/%E8%8C%B6'],
    ['/r/%25', '/r/%25'],
    ['/r/%252e', '/r/%252e'],
    ['/r/%253Fa', '/r/%253Fa'],
    ['/r/a%3Fb', '/r/a%3Fb'],
    ['/r/a%23b', '/r/a%23b'],
    ['/r/__proto__', '/r/__proto__'],
    ['/r/constructor', '/r/constructor'],
    ['/r/toString', '/r/toString'],
  ])('of a room has one name, however it is written: %j is %j', async (target, path) => {
    const client = new RawClient(server.port)
    await client.write(request(`GET ${target}`, [['Host', '127.0.0.1']]))
    expect(JSON.parse((await client.answer()).body)).toMatchObject({ path })
    client.reset()

    const peer = await server.connect(target)
    expect(await peer.next('welcome')).toMatchObject({ data: { room: path } })
    await peer.close()
  })

  it.each([
    ['/healthz', 404],
    ['/metrics', 404],
    ['/asyncapi.json', 404],
    ['/client.js', 404],
    ['/style.css', 404],
    // Those of Socket.IO clients, and this is no such client.
    ['/socket.io/', 400],
    ['/socket.io', 400],
  ])('that the server answers itself is no room, also where a pattern would match: %j', async (target, status) => {
    const [, upgrade] = await statuses(target)
    expect(upgrade).toBe(status)
  })
})

describe('a Host', () => {
  tellWrong('HS4', 'hosts on which HTTP and upgrade disagree, or that throw')
  it.each([
    [[['Host', 'a|b']]],
    [[['Host', 'a/b?']]],
    [[['Host', 'a b']]],
    [[['Host', '']]],
    [[['Host', '[::1']]],
    [[['Host', 'user@127.0.0.1']]],
    [[['Host', '127.0.0.1:99999999']]],
    [[['Host', '127.0.0.1, elsewhere.example']]],
    [
      [
        ['Host', '127.0.0.1'],
        ['Host', '127.0.0.1'],
      ],
    ],
    [
      [
        ['Host', '127.0.0.1'],
        ['hOST', 'elsewhere.example'],
      ],
    ],
    [[]],
  ] as const)('that is no host, or not one, is refused: %j', async (hosts) => {
    expect(await statuses('/chat', hosts)).toEqual([400, 400])
  })

  it.each(['localhost', 'corridor.example:443', '[::1]:3000', 'with_underscore'])(
    'is a name or an address: %j',
    async (host) => {
      expect(await statuses('/chat', [['Host', host]])).toEqual([200, 101])
    },
  )
})

describe('a header flood', () => {
  tellWrong('HS5', 'crashes and wrong answers')
  const flood = (count: number): Headers => Array.from({ length: count }, (_, index) => [`X-${index}`, 'x'] as const)

  it.each([
    [50, 101],
    [500, 101],
    [5000, 431],
  ])('of %i headers is answered with %i', async (count, status) => {
    const client = new RawClient(server.port)
    await client.write(request('GET /chat', [...handshake(), ...flood(count)]))
    expect((await client.answer()).status).toBe(status)
    client.reset()
  })

  it('does not stop the next one', async () => {
    expect(await statuses('/chat')).toEqual([200, 101])
  })
})

describe('a name that JavaScript knows', () => {
  tellWrong('HS5', 'crashes and wrong answers')
  const MAGIC = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']

  it.each(MAGIC)('is a header, a cookie and an extension like any other: %s', async (name) => {
    const client = new RawClient(server.port)
    const more = [
      [name, name],
      ['Cookie', `${name}=${name}`],
      ['Sec-WebSocket-Extensions', `${name}; ${name}=${name}`],
    ] as const
    await client.write(request('GET /chat', [...handshake(), ...more]))
    const answer = await client.answer()
    expect(answer.status).toBe(101)
    expect(answer.headers).not.toHaveProperty('sec-websocket-extensions')
    client.reset()
  })

  it.each(MAGIC)('is a query, a display name, a client and a message type like any other: %s', async (name) => {
    const peer = await server.connect('/chat', { [name]: name, name, client: name })
    expect(await peer.next('welcome')).toMatchObject({ data: { you: { name } } })
    peer.send(name, {}, 'm1')
    expect(await peer.next('error')).toMatchObject({ id: 'm1', data: { code: 'unknown_type' } })
    await peer.close()
  })

  it.each(['__proto__', 'toString', 'valueOf'])('is no subprotocol that a room knows by itself: %s', async (name) => {
    await expect(server.connect('/known', {}, { protocols: [name] })).rejects.toThrow('unknown_protocol')
  })

  it('is a subprotocol where a room lists it', async () => {
    const peer = await server.connect('/known', {}, { protocols: ['x', 'constructor', 'a'] })
    expect(peer.socket.protocol).toBe('constructor')
    await peer.close()
  })
})
