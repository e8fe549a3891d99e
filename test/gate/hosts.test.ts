/**
 * Under which names the server answers: a page of another site that makes its own name lead to this machine gets
 * nothing, while proxies, names that are allowed, and this machine's own get everything (catalogue: AU2).
 */
import type { IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { hostGuard } from '../../src/gate/host.ts'
import { callerReader } from '../../src/transports/caller-reader.ts'
import { tell } from '../support/figures.ts'
import { exchange, type Headers, handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
const opened: TestServer[] = []

afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())))

const start = async (env: Record<string, string> = {}) => {
  server = await startServer({ rooms: { '/chat': { module: 'chat' }, '/any': { module: 'chat', origins: '*' } }, env })
  opened.push(server)
}
const MESSAGE = '{"type":"message","data":{"text":"from another site"}}'

/** All that can be asked under a name, as a page of that name would: each answer's status. */
async function statuses(host: string, more: Headers = []): Promise<Record<string, number>> {
  const headers = [['Host', host], ['Origin', `http://${host}`], ...more] as Headers
  const ask = async (line: string, extra: Headers = [], body = '') => {
    const client = new RawClient(server.port)
    await client.write(request(line, [...headers, ...extra]) + body)
    const { status } = await client.answer(line.startsWith('HEAD'))
    client.reset()
    return status
  }
  const json = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(MESSAGE.length)],
  ] as const
  const upgrade = handshake({ Host: undefined })
  return {
    lobby: await ask('GET /', [['Accept', 'text/html']]),
    client: await ask('GET /client.js'),
    alive: await ask('GET /healthz'),
    metrics: await ask('GET /metrics'),
    described: await ask('GET /chat'),
    head: await ask('HEAD /chat'),
    read: await ask('GET /chat?offset=-1'),
    listened: await ask('GET /chat?offset=now&live=sse'),
    posted: await ask('POST /chat', json, MESSAGE),
    upgraded: await ask('GET /chat', upgrade),
    elsewhere: await ask('GET /any', upgrade),
    nowhere: await ask('GET /nowhere'),
  }
}
const all = (of: Record<string, number>, status: number) =>
  Object.fromEntries(Object.keys(of).map((key) => [key, status]))
const OPEN = { lobby: 200, read: 200, posted: 204, upgraded: 101, elsewhere: 101, nowhere: 404 }

describe('a connection from this machine', () => {
  it('under the name of another site gets nothing, whatever it asks for', async () => {
    await start()
    let leaks = 0
    const names = [
      `evil.example:${server.port}`,
      'evil.example',
      'EVIL.example',
      'localhost.evil.example',
      'evil-localhost',
      'localhost.example.',
      '127.0.0.1.evil.example',
      '127.0.0.1.nip.io',
      '0x7f.1',
      'x',
    ]
    for (const name of names) {
      const got = await statuses(name)
      leaks += Object.values(got).filter((status) => status !== 421).length
      expect([name, got]).toEqual([name, all(got, 421)])
    }
    tell('AU2', 'leaks under a rebound name', leaks)
    tell('AU2', 'cases', names.length * 12)
    const kept = await fetch(`${server.url}/chat?offset=-1`)
    expect(await kept.json()).toEqual([])
  })

  it('under a name of this machine gets everything', async () => {
    await start()
    const own = [
      'localhost',
      'localhost:1',
      'LOCALHOST',
      'localhost.',
      'chat.localhost',
      '127.0.0.1',
      '127.9.9.9:80',
      '[::1]:3000',
    ]
    for (const name of own) expect([name, await statuses(name)]).toMatchObject([name, OPEN])
  })

  it('gets the remedy, and no more', async () => {
    await start()
    const headers = [
      ['Host', 'rooms.example.org'],
      ['Connection', 'close'],
    ] as const
    const { body, error } = await exchange(server.port, request('GET /chat', headers))
    expect(error).toBe('foreign_host')
    expect(JSON.parse(body).message).toMatch(/behind a proxy, set TRUST_PROXY to .*; otherwise, .* ALLOWED_HOSTS/)
    expect(body).not.toContain('rooms.example.org')
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('corridor_refusals_total{code="foreign_host"} 1')
  })

  it('is not fooled by forwarded headers of the page', async () => {
    await start()
    const forwarded = [
      ['X-Forwarded-Host', 'localhost'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'host=localhost'],
    ] as const
    const got = await statuses('evil.example', forwarded)
    expect(got).toEqual(all(got, 421))
  })

  it('may use any name behind a trusted proxy', async () => {
    await start({ TRUST_PROXY: '127.0.0.1' })
    expect(await statuses('rooms.example.org')).toMatchObject(OPEN)
  })

  it('gets nothing where another proxy is the one that is trusted', async () => {
    await start({ TRUST_PROXY: '192.0.2.1' })
    const got = await statuses('rooms.example.org')
    expect(got).toEqual(all(got, 421))
  })
})

describe('a connection from elsewhere', () => {
  const asks = (localAddress: string | undefined, host: string) => () =>
    hostGuard(undefined)(
      callerReader([])({ headers: { host }, rawHeaders: ['Host', host], socket: { localAddress } } as IncomingMessage),
    )

  it('may use any name, as long as none are listed', () => {
    for (const address of ['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1', '10.127.0.1', '1127.0.0.1'])
      expect(asks(address, 'rooms.example.org')).not.toThrow()
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(asks(address, 'rooms.example.org')).toThrow('TRUST_PROXY')
  })
})

describe('ALLOWED_HOSTS', () => {
  it('lists the accepted names, beside this machine’s own names', async () => {
    await start({ ALLOWED_HOSTS: 'rooms.example.org, *.Rooms.example' })
    for (const name of [
      'rooms.example.org',
      'Rooms.Example.ORG:3000',
      'a.rooms.example',
      'a.b.rooms.example.',
      'localhost',
      '[::1]',
    ])
      expect([name, await statuses(name)]).toMatchObject([name, OPEN])
    for (const name of [
      'evil.example',
      'rooms.example',
      'a.rooms.example.org',
      'evilrooms.example',
      'rooms.example.org.evil.example',
    ]) {
      const got = await statuses(name)
      expect([name, got]).toEqual([name, all(got, 421)])
    }
  })

  it('counts for what a trusted proxy was asked for too', async () => {
    await start({ ALLOWED_HOSTS: 'rooms.example.org', TRUST_PROXY: '127.0.0.1' })
    const via = (asked: string): Headers => [['X-Forwarded-Host', asked]]
    expect((await statuses('127.0.0.1:3000', via('rooms.example.org'))).read).toBe(403)
    const open = await exchange(
      server.port,
      request('GET /chat', [['Host', 'upstream'], ['Connection', 'close'], ...via('rooms.example.org')]),
    )
    expect(open.status).toBe(200)
    const got = await statuses('127.0.0.1:3000', via('evil.example'))
    expect(got).toEqual(all(got, 421))
  })

  it('may let everyone in under any name', async () => {
    await start({ ALLOWED_HOSTS: '*' })
    expect(await statuses('evil.example')).toMatchObject(OPEN)
  })
})
