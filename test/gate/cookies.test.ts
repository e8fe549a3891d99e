/**
 * A token in a cookie: a browser sends it by itself, on every way into a room and also when it has ended. A listed
 * origin may send it on all of them or on none; a room that admits guests also admits a client with an invalid cookie.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openPages } from '../support/browser.ts'
import { refused } from '../support/client.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { bearer, inSeconds, SECRET, sign } from '../support/tokens.ts'

const NOTE = '{"type":"note","data":{"text":"x"}}'
const auth = { secret: SECRET, cookie: 'pass' }
const LISTED = 'https://app.example'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const start = async () => {
  server = await startServer({
    rooms: {
      '/locked': { definition: notes, auth, origins: [LISTED] },
      '/guests': { definition: notes, auth: { ...auth, required: false }, origins: [LISTED] },
      '/full': { definition: notes, auth, origins: [LISTED], limits: { peers: 1 } },
      '/token': { definition: notes, auth: { secret: SECRET }, origins: [LISTED] },
      '/any': { definition: notes, auth, origins: '*' },
      '/own': { definition: notes, auth },
    },
  })
  return server
}

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const type = method === 'POST' ? { 'Content-Type': 'application/json' } : {}
  const answer = await fetch(`${server?.url}${path}`, {
    method,
    headers: { Origin: LISTED, ...type, ...headers },
    ...(method === 'POST' && { body: NOTE }),
  })
  void answer.body?.cancel()
  const [origin, credentials] = ['origin', 'credentials'].map((name) =>
    answer.headers.get(`Access-Control-Allow-${name}`),
  )
  return { status: answer.status, origin, credentials, vary: answer.headers.get('Vary') }
}

describe('a listed origin may send the cookie', () => {
  it.each([
    ['OPTIONS', '/locked', 204],
    ['GET', '/locked', 200],
    ['HEAD', '/locked', 200],
    ['GET', '/locked?offset=-1', 200],
    ['GET', '/locked?before=now', 200],
    ['GET', '/locked?offset=-1&live=sse', 200],
    ['GET', '/locked?live=sse&client=c', 200],
    ['POST', '/locked', 204],
    // What is refused must be read too, or the page cannot show the reason.
    ['GET', '/locked?offset=wrong', 400],
    ['PUT', '/locked', 405],
    ['POST', '/guests', 204],
  ])('with %s %s', async (method, path, status) => {
    await start()
    const Cookie = `pass=${await sign({ sub: 'ann' })}`
    const answer = await ask(method, path, method === 'OPTIONS' ? {} : { Cookie })
    expect(answer).toMatchObject({
      status,
      origin: LISTED,
      credentials: 'true',
      vary: expect.stringContaining('Origin'),
    })
    if (status !== 200 && status !== 204) return
    const without = await ask(method, path)
    const isOpen = method === 'OPTIONS' || path.startsWith('/guests')
    expect(without).toMatchObject({ status: isOpen ? status : 401, origin: LISTED, credentials: 'true' })
  })

  it('also if it is refused for now', async () => {
    const { connect } = await start()
    const token = await sign({ sub: 'ann' })
    await connect('/full', {}, { headers: bearer(token) })
    const later = await ask('GET', '/full?offset=-1&live=sse', { Cookie: `pass=${token}` })
    expect(later).toMatchObject({ status: 200, origin: LISTED, credentials: 'true' })
  })

  it('and none where the room takes no cookie, is open to all origins, or is for its own pages', async () => {
    await start()
    expect(await ask('OPTIONS', '/token')).toMatchObject({ origin: LISTED, credentials: null })
    expect(await ask('OPTIONS', '/any')).toMatchObject({ origin: '*', credentials: null })
    expect(await ask('OPTIONS', '/own')).toMatchObject({ status: 403, origin: null, credentials: null })
  })
})

describe('in a room that lets guests in', () => {
  const cookies: [string, () => Promise<string>][] = [
    ['that has ended', async () => `pass=${await sign({ sub: 'ann', exp: inSeconds(-60) })}`],
    ['that was emptied', async () => 'pass='],
    ['that is no token', async () => 'pass=undefined'],
    ['of another signer', async () => `pass=${await sign({ sub: 'ann' }, {}, 'x'.repeat(32))}`],
    ['that is far too long', async () => `pass=${'x'.repeat(9000)}`],
    ['that is broken', async () => 'pass="%'],
    ['of another name', async () => 'other=1'],
  ]
  it.each(cookies)('a cookie %s comes in as no cookie does; where a token is asked for it is 401', async (_, make) => {
    const { connect, ws } = await start()
    const Cookie = await make()
    const guest = await connect('/guests', { name: 'Gus' }, { headers: { Cookie } })
    expect(await guest.next('welcome')).toMatchObject({ data: { you: { name: 'Gus' } } })
    for (const [method, path, status] of [
      ['GET', '', 200],
      ['GET', '?offset=-1', 200],
      ['GET', '?offset=-1&live=sse', 200],
      ['POST', '', 204],
    ] as const) {
      expect(await ask(method, `/guests${path}`, { Cookie })).toMatchObject({ status })
      expect(await ask(method, `/locked${path}`, { Cookie })).toMatchObject({ status: 401 })
    }
    expect(await refused(`${ws}/locked`, { headers: { Cookie } })).toMatchObject({ status: 401 })
  })

  it('a good cookie says who it is, and an expired token that is sent on purpose is reported', async () => {
    const { connect, ws } = await start()
    const Cookie = `pass=${await sign({ sub: 'ann' })}`
    const ann = await connect('/guests', { name: 'Gus' }, { headers: { Cookie } })
    expect(await ann.next('welcome')).toMatchObject({ data: { you: { id: 'ann' } } })
    const ended = bearer(await sign({ sub: 'ann', exp: inSeconds(-60) }))
    expect(await refused(`${ws}/guests`, { headers: ended })).toMatchObject({ status: 401 })
    expect(await ask('GET', '/guests?offset=-1', { ...ended, Cookie })).toMatchObject({ status: 401 })
  })
})

describe('a real page of a listed origin', () => {
  const fixture = openPages()
  let site: Server
  afterEach(() => site.close())

  it('uses the cookie of its visitor for a WebSocket, a stream, a read, a description and a message', async () => {
    site = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>app</title>'))
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const app = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
    await fixture.start({ rooms: { '/locked': { definition: notes, auth, origins: [app] } } })
    const { page, context } = await fixture.open('/healthz')
    const value = await sign({ sub: 'ann' })
    await context.addCookies([{ name: 'pass', value, url: fixture.server.url, httpOnly: true, sameSite: 'Lax' }])
    await page.goto(app)
    const got = await page.evaluate(
      async ({ url, note }) => {
        const credentials = 'include' as const
        const headers = { 'Content-Type': 'application/json' }
        const heard = (query: string) =>
          new Promise((resolve) => {
            const source = new EventSource(url + query, { withCredentials: true })
            source.addEventListener('control', () => resolve('heard'))
            source.onerror = () => resolve('refused')
          })
        const socket = new Promise((resolve) => {
          const ws = new WebSocket(url.replace('http', 'ws'))
          ws.onopen = () => resolve('open')
          ws.onerror = () => resolve('refused')
        })
        const status = (query: string, init = {}) =>
          fetch(url + query, { credentials, ...init }).then((answer) => answer.status)
        return [
          await socket,
          await status('', { method: 'POST', headers, body: note }),
          await heard('?offset=-1&live=sse'),
          await heard('?live=sse&client=c'),
          await status('?offset=-1'),
          await status(''),
        ]
      },
      { url: `${fixture.server.url}/locked`, note: NOTE },
    )
    expect(got).toEqual(['open', 204, 'heard', 'heard', 200, 200])
  })
})
