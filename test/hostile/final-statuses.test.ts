/**
 * What a client takes for the last word, and what a cache keeps: each status says what else it needs (RFC 9110), no
 * refusal is kept by a cache, and HEAD says what GET would.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import notes from '../support/notes.ts'
import { exchange, type Headers, handshake, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({
    env: { BASE_PATH: '/base' },
    rooms: { '/notes': { definition: notes }, '/echo': { module: 'echo' } },
  })
})
afterAll(() => server.close())

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(`${new URL(server.url).origin}${path}`, { method, headers, redirect: 'manual' })

describe('a refusal', () => {
  it.each([
    ['GET', '/base/nowhere', 404],
    ['GET', '/elsewhere', 404],
    ['GET', '/base/notes?offset=wrong', 400],
    ['GET', '/base/notes?offset=00000000000000000000000000000000_0000000000000009', 410],
    ['GET', '/base/echo?offset=-1', 405],
    ['POST', '/base/notes', 400],
    ['GET', '/base', 308],
  ])('is kept by no cache: %s %s is %i', async (method, path, status) => {
    const answer = await ask(method, path)
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([status, 'no-store'])
  })

  it('of a method says which there are', async () => {
    for (const path of ['/base/echo', '/base/notes'])
      for (const method of ['PUT', 'DELETE', 'PATCH', ...(path.endsWith('notes') ? [] : ['POST'])]) {
        const answer = await ask(method, path)
        expect([method, path, answer.status]).toEqual([method, path, 405])
        expect(answer.headers.get('Allow')).toContain('GET, HEAD')
      }
    expect((await ask('POST', '/base/nowhere')).status).toBe(404)
  })

  it('of an upgrade is kept by no cache either, and the answer to a wrong version names the right one', async () => {
    const wrong: [Parameters<typeof handshake>[0], number][] = [
      [{ 'Sec-WebSocket-Version': '8' }, 426],
      [{ 'Sec-WebSocket-Version': undefined }, 426],
      [{ 'Sec-WebSocket-Key': 'short' }, 400],
      [{ Origin: 'https://evil.example' }, 403],
    ]
    for (const [change, status] of wrong) {
      const answer = await exchange(server.port, request('GET /base/notes', handshake(change)))
      expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store'])
      if (status === 426) expect(answer.headers['sec-websocket-version']).toBe('13')
    }
  })
})

describe('OPTIONS that is no preflight', () => {
  it.each(['/base/', '/base/healthz', '/base/client.js', '/base/notes', '/base/echo'])(
    'at %s says which methods there are',
    async (path) => {
      const answer = await ask('OPTIONS', path)
      expect([answer.status, answer.headers.get('Allow')]).toEqual([204, expect.stringContaining('GET, HEAD')])
    },
  )
})

describe('what a client prefers', () => {
  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  it.each([
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/*', 'application/json'],
    ['image/png', 'application/json'],
    ['text/html', 'text/html'],
    [BROWSER, 'text/html'],
    ['application/json;q=0.1, text/html', 'text/html'],
    ['text/html;q=0.1, application/json', 'application/json'],
  ])('%s: gets %s, and the same from HEAD', async (Accept, type) => {
    for (const path of ['/base/', '/base/notes', '/base/echo']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(method, path, { Accept })
        await answer.body?.cancel()
        expect([method, path, answer.status, answer.headers.get('Content-Type')]).toEqual([
          method,
          path,
          200,
          expect.stringContaining(type),
        ])
        expect(answer.headers.get('Vary')).toContain('Accept')
        expect(answer.headers.get('Cache-Control')).toMatch(/^no-(store|cache)$/)
      }
    }
  })
})

describe('a program that names its own host as its origin, its own way', () => {
  const host = () => `127.0.0.1:${server.port}`
  // To the letter, as these libraries send them.
  const clients: [string, () => Headers][] = [
    [
      'Python ws4py',
      () => [
        ['Host', host()],
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Key', 'x3JJHMbDL1EzLkh9GBhXDw=='],
        ['Origin', `ws://${host()}`],
        ['Sec-WebSocket-Version', '13'],
      ],
    ],
    [
      'Swift Starscream',
      () => [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Key', 'x3JJHMbDL1EzLkh9GBhXDw=='],
        ['Origin', `ws://${host()}`],
        ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits; server_max_window_bits=15'],
        ['Host', host()],
      ],
    ],
    ['one with a slash at the end', () => handshake({ Host: host(), Origin: `http://${host()}/` })],
  ]
  it.each(clients)('%s is let in', async (_, headers) => {
    const close = Buffer.from([0x88, 0x80, 0, 0, 0, 0])
    const answer = await exchange(server.port, request('GET /base/notes', headers()), close)
    expect(answer.status).toBe(101)
    expect(answer.rest).toContain('"type":"welcome"')
  })

  it('another host is refused as ever, however it is written', async () => {
    for (const Origin of ['ws://evil.example', `ws://evil.example:${server.port}/`, `wss://${host()}.evil.example`]) {
      const answer = await exchange(server.port, request('GET /base/notes', handshake({ Host: host(), Origin })))
      expect([Origin, answer.status]).toEqual([Origin, 403])
    }
  })
})
