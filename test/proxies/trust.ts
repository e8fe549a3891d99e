/** What nobody gets past a proxy with the files that ship: an address that is not theirs, a second request in a tunnel, a secret in a log. */
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { BarePeer } from '../support/bare-peer.ts'
import { connect, refused } from '../support/client.ts'
import { tell, tellWrong } from '../support/figures.ts'
import { handshake, request } from '../support/raw.ts'
import { ask, converse, Stream } from './http.ts'
import { freePorts, type ProxyKind } from './proxy.ts'
import { stageOf } from './stage.ts'

const ONE_EACH = { rooms: { '/chat': { module: 'chat', limits: { perAddress: 1 } } } }
const SPOOFED = { 'X-Forwarded-For': '198.51.100.7', 'X-Real-IP': '198.51.100.8', Forwarded: 'for=198.51.100.9' }
const CANARY = 'canary-8f3a'

export function describeTrust(kind: ProxyKind): void {
  describe(`${kind.component} and the client address`, () => {
    tellWrong('AU9', `tests of trust that failed behind ${kind.component}`)
    const stage = stageOf(kind)

    it('forwards each client’s own address to the server, whatever headers the client sends, for HTTP and upgrades alike', async () => {
      const { url, ws } = await stage.open({ setup: ONE_EACH })
      const enter = (from: string, headers = {}) => connect(`${ws}/chat`, { localAddress: from, headers })
      const listen = (from: string, headers = {}) => ask(`${url}/chat?offset=now&live=sse`, { from, headers })
      const second = await enter('127.0.0.2')
      const third = await enter('127.0.0.3', SPOOFED)
      stage.defer(() => Promise.all([second.close(), third.close()]))
      for (const headers of [
        {},
        SPOOFED,
        { 'X-Forwarded-For': '127.0.0.9' },
        { 'x-forwarded-for': '203.0.113.1, 127.0.0.1' },
      ]) {
        const again = await refused(`${ws}/chat`, { localAddress: '127.0.0.2', headers })
        expect([headers, again.status, again.headers['retry-after']]).toEqual([headers, 429, '10'])
        // An EventSource takes any status but 200 as the last word.
        const stream = await listen('127.0.0.3', headers)
        expect([stream.status, stream.body]).toEqual([200, expect.stringMatching(/^retry: .*"error":"too_many"/s)])
      }
      const fourth = await Stream.open(`${url}/chat?offset=now&live=sse`, { from: '127.0.0.4', headers: SPOOFED })
      expect(fourth.response.statusCode).toBe(200)
      fourth.close()
    })

    it('believes no forwarded host or scheme of a client', async () => {
      const { ws, url, ca } = await stage.open({ isSecure: true })
      const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' }
      const origin = 'https://evil.example'
      expect((await refused(`${ws}/chat`, { ca: ca ?? '', origin, headers })).status).toBe(403)
      expect((await ask(`${url}/chat`, { ca, headers: { ...headers, Origin: origin } })).status).toBe(403)
      const { host } = new URL(url)
      expect((await refused(`${ws}/chat`, { ca: ca ?? '', origin: `http://${host}`, headers })).status).toBe(403)
    })

    it('makes no tunnel of an upgrade that was refused', async () => {
      const { proxy } = await stage.open()
      const Host = `127.0.0.1:${proxy.port}`
      const hidden = request('GET /metrics', [
        ['Host', Host],
        ['Connection', 'close'],
      ])
      const tries = [
        request('GET /chat', handshake({ Host, 'Sec-WebSocket-Version': '7777' })),
        request('GET /nowhere', handshake({ Host })),
        request('GET /chat', handshake({ Host, Origin: 'https://evil.example' })),
        request('GET /chat', handshake({ Host, 'Sec-WebSocket-Key': 'short' })),
        request('GET /chat', handshake({ Host, Upgrade: 'h2c' })),
        request('POST /chat', [...handshake({ Host }), ['Content-Length', '0']]),
      ]
      let answered = 0
      for (const text of tries) {
        // The connection ends here, or the proxy reads the second request as one of its own and hides what it hides.
        const said = await converse(proxy.port, text + hidden)
        const [first = '', second, ...more] = said.split(/(?=HTTP\/1\.1 \d{3} )/)
        if (/no_such_room|corridor_/.test([second, ...more].join(''))) answered += 1
        expect(first, text).toMatch(/^HTTP\/1\.1 [245]\d\d /)
        expect(second ?? 'HTTP/1.1 404 ', text).toMatch(/^HTTP\/1\.1 404 /)
        expect(second ?? '', text).not.toContain('no_such_room')
        expect(more, text).toEqual([])
      }
      tell('PX7', `second requests answered by the server behind ${kind.component}`, `${answered} of ${tries.length}`)
    })

    it('writes neither queries nor tokens into its log', async () => {
      const { url, ws, proxy, servers } = await stage.open()
      const headers = { Authorization: `Bearer ${CANARY}`, Cookie: `t=${CANARY}`, Referer: `http://x/?${CANARY}` }
      const bearer = { 'Sec-WebSocket-Protocol': `bearer.${CANARY}` }
      const ann = await BarePeer.open(`${ws}/chat?name=${CANARY}`, { headers: { ...headers, ...bearer } })
      ann.destroy()
      await refused(`${ws}/nowhere?t=${CANARY}`, { headers, protocols: [`bearer.${CANARY}`] })
      await ask(`${url}/chat?offset=${CANARY}`, { headers })
      await expect.poll(() => proxy.log()).toContain('/nowhere')
      await servers[0]?.server.close()
      const away = await ask(`${url}/away?name=${CANARY}`, { headers })
      expect(away).toMatchObject({ status: 503, error: 'unavailable' })
      expect(away.headers['retry-after']).toBe('1')
      await expect.poll(() => proxy.log()).toContain('/away')
      const lines = proxy
        .log()
        .split('\n')
        .filter((line: string) => line.includes(CANARY) && !isOfErrors(line))
      expect(lines).toEqual([])
    })

    it('says nothing twice to a server that fell silent', async () => {
      const requests: string[] = []
      const ports = await freePorts(2)
      for (const port of ports) {
        const server = createServer((socket) => {
          socket.on('error', () => {})
          socket.once('data', (data) => {
            if (String(data).startsWith('POST')) requests.push(String(data))
            socket.destroy()
          })
        }).listen(port, '127.0.0.1')
        stage.defer(() => new Promise((resolve) => server.close(resolve)))
      }
      const { proxy } = await stage.open({ ports })
      const { status } = await ask(`http://127.0.0.1:${proxy.port}/chat`, {
        method: 'POST',
        body: '{"type":"message"}',
      })
      expect([502, 503]).toContain(status)
      expect(requests.length).toBe(1)
    })

    it('cuts headers without end', async () => {
      const { proxy } = await stage.open()
      const endless = `GET /chat HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(70_000)}`
      expect(await converse(proxy.port, endless)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
    })
  })
}

/** nginx names the request where it reports an error, and has no setting against that; secrets do not travel in a query. */
function isOfErrors(line: string): boolean {
  return /^\d{4}\/\d\d\/\d\d [\d:]+ \[error\] /.test(line)
}
