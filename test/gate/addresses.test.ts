/**
 * Whose address counts (catalogue: AU9): the connection's own, and where it comes from a proxy that is trusted, what that
 * proxy says; for upgrades and for HTTP the same.
 */
import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
afterEach(() => server.close())

const start = async (trusted?: string) => {
  server = await startServer({
    rooms: { '/notes': { definition: notes, limits: { perAddress: 1 } } },
    ...(trusted !== undefined && { env: { TRUST_PROXY: trusted } }),
  })
}

type Headers = Record<string, string>

/**
 * The status of an upgrade, and of a stream, from an address; both stay open until the end of the test. A stream that is
 * refused for now says the status in its one event.
 */
const join = (headers: Headers, localAddress = '127.0.0.1') =>
  new Promise<number>((resolve, reject) => {
    const socket = new WebSocket(`${server.ws}/notes`, { headers, localAddress })
    socket.on('error', reject)
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
  })
const listen = (headers: Headers, localAddress = '127.0.0.1') =>
  new Promise<number>((resolve, reject) => {
    const url = `${server.url}/notes?offset=now&live=sse`
    request(url, { headers, localAddress, agent: false }, (answer) => {
      answer.once('data', (chunk) => {
        const [, status] = /"status":(\d+)/.exec(String(chunk)) ?? []
        resolve(Number(status ?? answer.statusCode))
      })
    })
      .on('error', reject)
      .end()
  })

const SPOOFS: Headers[] = [
  { 'X-Forwarded-For': '203.0.113.7' },
  { 'x-forwarded-for': '203.0.113.7, 198.51.100.1' },
  { 'X-Forwarded-For': '127.0.0.1' },
  { 'X-Forwarded-For': '::1' },
  { 'X-Forwarded-For': 'unknown' },
  { 'X-Real-IP': '203.0.113.7' },
  { Forwarded: 'for=203.0.113.7' },
  { 'CF-Connecting-IP': '203.0.113.7', 'True-Client-IP': '203.0.113.7', 'X-Client-IP': '203.0.113.7' },
]

describe('an address', () => {
  tellWrong('AU9', 'addresses taken wrongly')
  it('is the connection’s if no proxy is trusted, whatever headers a client sends', async () => {
    await start()
    expect(await join({})).toBe(101)
    for (const spoof of SPOOFS) {
      expect([spoof, await join(spoof), await listen(spoof)]).toEqual([spoof, 429, 429])
    }
    expect(await listen({}, '127.0.0.2')).toBe(200)
    expect(await join({}, '127.0.0.2')).toBe(429)
  })

  it('is the connection’s where another than the proxy comes', async () => {
    await start('127.0.0.9')
    expect(await listen({})).toBe(200)
    for (const spoof of SPOOFS) {
      expect([spoof, await join(spoof), await listen(spoof)]).toEqual([spoof, 429, 429])
    }
  })

  it('is what the trusted proxy says, the same for upgrades and HTTP', async () => {
    await start('127.0.0.1')
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    expect(await join(from('203.0.113.1'))).toBe(101)
    expect(await listen(from('203.0.113.1'))).toBe(429)
    expect(await listen(from('203.0.113.2'))).toBe(200)
    expect(await join(from('203.0.113.2'))).toBe(429)
    // Entries before the last were sent by the client.
    expect(await join(from('203.0.113.9, 203.0.113.2'))).toBe(429)
    expect(await join(from('203.0.113.2, 203.0.113.3'))).toBe(101)
    expect(await listen(from('203.0.113.2, 203.0.113.3'))).toBe(429)
    // Nobody but X-Forwarded-For is asked.
    expect(await join({ ...from('203.0.113.3'), 'X-Real-IP': '203.0.113.8', Forwarded: 'for=203.0.113.8' })).toBe(429)
  })

  it('behind two trusted proxies is the last that is not one of them', async () => {
    await start('127.0.0.1, 10.0.0.0/8')
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    expect(await join(from('198.51.100.66, 203.0.113.1, 10.1.2.3'))).toBe(101)
    expect(await listen(from('203.0.113.1'))).toBe(429)
    expect(await join(from('10.1.2.3'))).toBe(101)
  })

  it('of one IPv6 customer is one, however many of it there are, and one spelling', async () => {
    await start('127.0.0.1')
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    expect(await join(from('2001:db8:1:2::1'))).toBe(101)
    for (const same of ['2001:db8:1:2::2', '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2:0:0:0:1'])
      expect([same, await join(from(same)), await listen(from(same))]).toEqual([same, 429, 429])
    expect(await listen(from('2001:db8:1:3::1'))).toBe(200)
    expect(await join(from('::ffff:203.0.113.5'))).toBe(101)
    expect(await listen(from('203.0.113.5'))).toBe(429)
  })

  it('is the same with the port that some proxies write, and without', async () => {
    await start('loopback')
    expect(await join({ 'X-Forwarded-For': '203.0.113.7:4711' })).toBe(101)
    expect(await join({ 'X-Forwarded-For': '203.0.113.7' })).toBe(429)
    expect(await join({ 'X-Forwarded-For': '203.0.113.8:4711' })).toBe(101)
    expect(await join({ 'X-Forwarded-For': '[2001:db8:1::1]:4711' })).toBe(101)
    expect(await join({ 'X-Forwarded-For': '2001:db8:1::1' })).toBe(429)
  })

  it('that is invalid makes all its senders one unknown client', async () => {
    await start('127.0.0.1')
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    expect(await join(from('nonsense'))).toBe(101)
    for (const none of ['<script>', '999.1.1.1', 'a'.repeat(4000), '1.2.3.4:http'])
      expect([none, await join(from(none)), await listen(from(none))]).toEqual([none, 429, 429])
  })
})
