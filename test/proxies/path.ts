/** What goes through every proxy with the files that ship: pages, WebSockets, event streams, reads, with TLS, under a sub-path. */
import { connect as connectH2 } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { connect, refused } from '../support/client.ts'
import { bound } from '../support/figures.ts'
import { ask, Stream } from './http.ts'
import type { ProxyKind } from './proxy.ts'
import { type Scene, stageOf } from './stage.ts'

/** What a stream's first byte may take; the server sends it at once. */
const PROMPT_MS = 500
const HTML = { Accept: 'text/html' }
const JSON_BODY = { 'Content-Type': 'application/json' }

export function describePath(kind: ProxyKind): void {
  describe.each([
    ['http', {}],
    ['https', { isSecure: true }],
    ['http under a sub-path', { basePath: '/sub' }],
  ])(`${kind.component}, %s`, (_, play) => {
    const stage = stageOf(kind)

    it('brings pages, files, descriptions and refusals as they are', async () => {
      const { url, ca } = await stage.open(play)
      const lobby = await ask(`${url}/`, { ca, headers: HTML })
      expect(lobby.status).toBe(200)
      expect(lobby.body).toContain(`<base href="${'basePath' in play ? '/sub/' : '/'}">`)
      expect(lobby.headers['content-security-policy']).toContain("default-src 'none'")
      expect((await ask(`${url}/client.js`, { ca })).headers['content-type']).toMatch(/^text\/javascript/)
      expect(JSON.parse((await ask(`${url}/chat`, { ca })).body)).toMatchObject({ path: '/chat', kind: 'event' })
      expect(await ask(`${url}/nowhere`, { ca })).toMatchObject({ status: 404, error: 'no_such_room' })
      expect(await ask(`${url}/healthz`, { ca })).toMatchObject({ status: 200 })
    })

    it('does not show the figures of the server to everyone', async () => {
      const { url, ca } = await stage.open(play)
      for (const path of ['/metrics', '/metrics?x', '/%6detrics']) {
        const { status, error } = await ask(`${url}${path}`, { ca })
        expect([path, status, error]).toEqual([path, 404, undefined])
      }
    })

    it('brings two people into one chat, by WebSocket and by event stream, and takes what is posted', async () => {
      const scene = await stage.open(play)
      const { url, ws, ca } = scene
      const options = ca ? { ca } : {}
      const ann = await connect(`${ws}/chat?name=ann`, options)
      const ben = await connect(`${ws}/chat?name=ben`, options)
      stage.defer(() => Promise.all([ann.close(), ben.close()]))
      const stream = await openStream(scene)
      ann.send('message', { text: 'hello' }, '1')
      expect(await ben.next('message')).toMatchObject({ seq: 1, data: { text: 'hello' } })
      expect(await ann.next('ack')).toMatchObject({ id: '1', seq: 1 })
      await stream.until('"text":"hello"')
      const body = JSON.stringify({ type: 'message', data: { text: 'posted' } })
      expect((await ask(`${url}/chat`, { ca, method: 'POST', headers: JSON_BODY, body })).status).toBe(204)
      expect(await ben.next('message')).toMatchObject({ seq: 2, data: { text: 'posted' } })
      await stream.until('"text":"posted"')
      const read = await ask(`${url}/chat?offset=-1`, { ca })
      expect(JSON.parse(read.body).map((event: { seq: number }) => event.seq)).toEqual([1, 2])
      expect(read.headers['stream-next-offset']).toMatch(/_0{15}2$/)
    })

    it('brings large messages whole, text and binary', async () => {
      const { ws, ca } = await stage.open(play)
      const echo = await connect(`${ws}/echo`, ca ? { ca } : {})
      stage.defer(() => echo.close())
      const text = 'ä€😀'.repeat(7000)
      echo.sendText(text)
      expect(await echo.nextText()).toBe(text)
      const bytes = Uint8Array.from({ length: 65_536 }, (_, index) => index % 251)
      echo.sendBinary(bytes)
      expect(await echo.nextFrame()).toEqual(bytes)
    })

    it('answers a long poll when something is published', async () => {
      const { url, ws, ca } = await stage.open(play)
      const ann = await connect(`${ws}/chat?name=ann`, ca ? { ca } : {})
      stage.defer(() => ann.close())
      const read = await ask(`${url}/chat?offset=-1`, { ca })
      const poll = ask(`${url}/chat?offset=${read.headers['stream-next-offset']}&live=long-poll`, { ca })
      ann.send('message', { text: 'to the poll' })
      expect((await poll).body).toContain('to the poll')
    })

    it('admits pages of its own host and no other', async () => {
      const { url, ws, ca } = await stage.open(play)
      const options = ca ? { ca } : {}
      const { origin, host, protocol } = new URL(url)
      const own = await connect(`${ws}/chat`, { ...options, origin })
      stage.defer(() => own.close())
      expect((await ask(`${url}/chat`, { ca, headers: { Origin: origin } })).status).toBe(200)
      const foreign = [
        'https://evil.example',
        `http://127.0.0.1:1`,
        'null',
        `${origin}.evil.example`,
        // A page that came without TLS has been in anybody's hands.
        ...(protocol === 'https:' ? [`http://${host}`] : []),
      ]
      for (const other of foreign) {
        expect(await refused(`${ws}/chat`, { ...options, origin: other })).toMatchObject({ status: 403 })
        expect(await ask(`${url}/chat`, { ca, headers: { Origin: other } })).toMatchObject({ status: 403 })
      }
    })
  })

  describe(`${kind.component}, outside of the usual path`, () => {
    const stage = stageOf(kind)

    it('leads from http to https', async () => {
      const { proxy } = await stage.open({ isSecure: true })
      const { status, headers } = await ask(`http://127.0.0.1:${proxy.port}/r/tea?name=x`)
      expect([301, 302, 308]).toContain(status)
      expect(headers.location).toMatch(/^https:\/\/127\.0\.0\.1(:\d+)?\/r\/tea\?name=x$/)
    })

    it('speaks HTTP/2, also for an event stream, whose first byte comes at once', async () => {
      const { url, ca, servers } = await stage.open({ isSecure: true })
      const session = connectH2(url, { ca: ca ?? '' })
      stage.defer(() => session.destroy())
      const startedMs = performance.now()
      const stream = session.request({ ':path': '/chat?offset=now&live=sse', 'accept-encoding': 'gzip' })
      let text = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      await expect.poll(() => text, { interval: 5 }).toContain('retry:')
      const firstMs = performance.now() - startedMs
      bound('PX2', `ms to the first event over HTTP/2, ${kind.component}`, firstMs, PROMPT_MS)
      const ann = await servers[0]?.connect('/chat', { name: 'ann' })
      ann?.send('message', { text: 'over h2' })
      await expect.poll(() => text).toContain('over h2')
      await ann?.close()
    })

    it('has nothing outside its sub-path', async () => {
      const { proxy, url } = await stage.open({ basePath: '/sub' })
      expect((await ask(`http://127.0.0.1:${proxy.port}/chat`)).status).toBe(404)
      expect((await ask(`http://127.0.0.1:${proxy.port}/subway`)).status).toBe(404)
      const { status, headers } = await ask(url)
      expect([status, new URL(headers.location ?? '', url).pathname]).toEqual([308, '/sub/'])
    })
  })
}

async function openStream({ url, ca }: Scene): Promise<Stream> {
  const stream = await Stream.open(`${url}/chat?offset=now&live=sse`, { ca, headers: { 'Accept-Encoding': 'gzip' } })
  expect(stream.response.headers['content-type']).toBe('text/event-stream')
  await stream.until('retry:')
  bound('PX2', 'ms to the first event over HTTP/1.1', stream.firstByteMs, PROMPT_MS)
  return stream
}
