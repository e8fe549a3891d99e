/**
 * Health checks as load balancers and monitors send them: HTTP/1.0, without a Host, as OPTIONS. They are answered; nothing
 * else is without a Host, and no name of another site gets more for it.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import { RawClient } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
afterEach(() => server.close())

async function ask(text: string) {
  const client = new RawClient(server.port)
  await client.write(text)
  const answer = await client.answer(text.startsWith('HEAD'))
  client.reset()
  return answer
}

const CHECKS: [string, string][] = [
  ['HAProxy, option httpchk GET /readyz', 'GET /readyz HTTP/1.0\r\n\r\n'],
  ['HAProxy, option httpchk HEAD /healthz', 'HEAD /healthz HTTP/1.0\r\n\r\n'],
  ['HAProxy, http-check send ver HTTP/1.1 without hdr Host', 'GET /readyz HTTP/1.1\r\n\r\n'],
  ['Nagios check_http -u /readyz', 'GET /readyz HTTP/1.0\r\nUser-Agent: check_http/v2.3\r\nConnection: close\r\n\r\n'],
  ['a query that no cache has', 'GET /healthz?1767225600 HTTP/1.0\r\n\r\n'],
  ['by its address', 'GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'],
]

describe('a health check', () => {
  it.each(CHECKS)('of %s is answered', async (_, text) => {
    server = await startServer({})
    const answer = await ask(text)
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store'])
  })

  it('of HAProxy with nothing but option httpchk is answered', async () => {
    server = await startServer({})
    expect((await ask('OPTIONS / HTTP/1.0\r\n\r\n')).status).toBe(204)
  })

  it('is answered under a sub-path and with its own host names', async () => {
    server = await startServer({ env: { BASE_PATH: '/sub', ALLOWED_HOSTS: 'rooms.example' } })
    expect((await ask('GET /sub/readyz HTTP/1.0\r\n\r\n')).status).toBe(200)
  })

  it('hears 503 while the server drains', async () => {
    const clock = handClock()
    server = await startServer({ env: { DRAIN_NOTICE_MS: '1000', DRAIN_MS: '2000' }, clock })
    const closed = server.server.close()
    expect((await ask('GET /readyz HTTP/1.0\r\n\r\n')).status).toBe(503)
    expect((await ask('GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(200)
    await clock.advance(2000)
    await closed
  })

  it('is all that may come without a Host, and is no way around it', async () => {
    server = await startServer({})
    for (const path of [
      '/',
      '/chat',
      '/chat?offset=-1',
      '/metrics',
      '/client.js',
      '/healthz/',
      '/readyz/../chat',
      '//readyz',
    ])
      expect([path, (await ask(`GET ${path} HTTP/1.0\r\n\r\n`)).status]).toEqual([path, 400])
    expect((await ask('GET /chat HTTP/1.1\r\n\r\n')).error).toBe('bad_host')
    expect((await ask('POST /readyz HTTP/1.0\r\nContent-Length: 0\r\n\r\n')).status).toBe(400)
    expect((await ask('GET /readyz HTTP/1.1\r\nHost: evil.example\r\n\r\n')).status).toBe(421)
    expect((await ask('GET /readyz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')).error).toBe('bad_host')
    expect((await ask('GET /readyz HTTP/1.0\r\nHost:\r\n\r\n')).error).toBe('bad_host')
  })
})
