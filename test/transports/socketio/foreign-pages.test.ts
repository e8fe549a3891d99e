/** Pages of other origins that poll, what they may read and send; TLS without a proxy; and the files of the client for browsers. */
import { afterEach, describe, expect, it } from 'vitest'
import { ask } from '../../proxies/http.ts'
import { selfSigned } from '../../support/certificate.ts'
import notes from '../../support/notes.ts'
import { BRIEF_DRAIN, type Setup, startServer, type TestServer } from '../../support/server.ts'
import { connectSocketIo } from '../../support/socketio-peer.ts'
import { SECRET, sign } from '../../support/tokens.ts'
import { version2 } from '../../support/version-2.ts'

const LISTED = 'https://app.example'
const COOKIE = 'https://cookie.example'
const FOREIGN = 'https://evil.example'
const HANDSHAKE = '/socket.io/?EIO=4&transport=polling'
const auth = { secret: SECRET, cookie: 'pass', required: false }
const SAME = { '/own': { definition: notes } }
const ROOMS = {
  ...SAME,
  '/listed': { definition: notes, origins: [LISTED] },
  '/cookie': { definition: notes, origins: [COOKIE], auth },
}
const ANY = { ...ROOMS, '/any': { definition: notes, origins: '*' } }

let server: TestServer
afterEach(() => server.close())
async function start(setup: Setup): Promise<void> {
  server = await startServer({ ...setup, env: { ...BRIEF_DRAIN, ...setup.env } })
}

/** A request as a page of `origin` sends it. → the CORS headers of the answer */
async function cors(origin: string | undefined, path = HANDSHAKE, method = 'GET') {
  const headers = { ...(origin && { Origin: origin }), 'Access-Control-Request-Headers': 'content-type' }
  const answer = await ask(server.url + path, { method, headers })
  return {
    status: answer.status,
    vary: answer.headers.vary,
    origin: answer.headers['access-control-allow-origin'],
    credentials: answer.headers['access-control-allow-credentials'],
    resource: answer.headers['cross-origin-resource-policy'],
  }
}

describe('a page that polls', () => {
  it('may read the answers where a room lists its origin, and send cookies where that room takes its token from one', async () => {
    await start({ rooms: ROOMS })
    const read = { vary: 'Origin', resource: 'cross-origin' }
    expect(await cors(LISTED)).toMatchObject({ ...read, status: 200, origin: LISTED, credentials: undefined })
    expect(await cors(COOKIE)).toMatchObject({ ...read, status: 200, origin: COOKIE, credentials: 'true' })
    const preflight = { ...read, status: 204, origin: COOKIE, credentials: 'true' }
    expect(await cors(COOKIE, HANDSHAKE, 'OPTIONS')).toMatchObject(preflight)
    // An error too, or the page would never know.
    expect(await cors(LISTED, `${HANDSHAKE}&sid=guessed`)).toMatchObject({ status: 400, origin: LISTED })
  })

  it('of any other origin is refused, and may read nothing', async () => {
    await start({ rooms: ROOMS })
    for (const origin of [FOREIGN, 'null', `${LISTED}.evil.example`]) {
      for (const method of ['GET', 'POST', 'OPTIONS'])
        expect(await cors(origin, HANDSHAKE, method)).toMatchObject({ status: 403, origin: undefined })
    }
    expect(await cors(server.url.replace(/\/$/, ''))).toMatchObject({ status: 200 })
    expect(await cors(undefined)).toMatchObject({ status: 200, origin: undefined })
  })

  it('of any origin may read without cookies where a room is open to all', async () => {
    await start({ rooms: ANY })
    expect(await cors(FOREIGN)).toMatchObject({ status: 200, origin: '*', credentials: undefined })
    expect(await cors(COOKIE)).toMatchObject({ status: 200, origin: COOKIE, credentials: 'true' })
    const enter = (room: string) =>
      connectSocketIo(`${server.url}${room}`, { transports: ['polling'], extraHeaders: { Origin: FOREIGN } })
    const open = await enter('/any')
    // The connection is no way around the origins of another room.
    for (const room of ['/own', '/listed', '/cookie'])
      await expect(enter(room)).rejects.toMatchObject({ data: { status: 403, code: 'foreign_origin' } })
    open.close()
  })

  it('with a client of version 2 may read wherever a room is open to all, and its cookies say nothing', async () => {
    await start({ rooms: { ...ANY, '/guests': { definition: notes, origins: '*', auth } } })
    const old = HANDSHAKE.replace('EIO=4', 'EIO=3')
    for (const method of ['GET', 'OPTIONS'])
      expect(await cors(FOREIGN, old, method)).toMatchObject({ vary: 'Origin', origin: FOREIGN, credentials: 'true' })
    expect(await cors('null', old)).toMatchObject({ origin: 'null', credentials: 'true' })
    const Cookie = `pass=${await sign({ sub: 'ann', name: 'Ann' })}`
    const nameAt = async (Origin: string) => {
      const polling = { extraHeaders: { Origin, Cookie } }
      const peer = version2(`${server.url}/guests`, ['polling'], { transportOptions: { polling } })
      const [{ you }] = (await peer.next('welcome')) as [{ you: { name: string } }]
      peer.socket.disconnect()
      return you.name
    }
    expect(await nameAt(FOREIGN)).toMatch(/^guest-/)
    expect(await nameAt(COOKIE)).toBe('Ann')
    expect(await nameAt(new URL(server.url).origin)).toBe('Ann')
  })

  it('is who its cookie says', async () => {
    await start({ rooms: ROOMS })
    const Cookie = `pass=${await sign({ sub: 'ann', name: 'Ann' })}`
    for (const transport of ['polling', 'websocket'] as const) {
      const extraHeaders = { Origin: COOKIE, Cookie }
      const ann = await connectSocketIo(`${server.url}/cookie`, { transports: [transport], extraHeaders })
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { id: 'ann', name: 'Ann' } } })
      ann.close()
    }
  })
})

describe('without a proxy', () => {
  it.each(['', '/sub'])('connects by TLS, at the base path "%s"', async (basePath) => {
    const { cert, key } = selfSigned()
    await start({ rooms: SAME, environment: { basePath, tls: { cert, key } } })
    const { origin } = new URL(server.url)
    for (const transport of ['polling', 'websocket'] as const) {
      const options = { path: `${basePath}/socket.io/`, transports: [transport], ca: cert }
      const ann = await connectSocketIo(`${origin}/own`, options)
      expect(await ann.next('welcome')).toMatchObject({ data: { room: '/own' } })
      ann.send('note', { text: transport }, '1')
      expect(await ann.next('ack')).toMatchObject({ id: '1' })
      ann.close()
    }
  })
})

describe('the client for browsers', () => {
  it('is compressed, revalidated, and may be loaded by a page of any site', async () => {
    await start({ rooms: SAME })
    const file = `${server.url}/socket.io/socket.io.min.js`
    const plain = await ask(file)
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    })
    for (const encoding of ['br', 'gzip']) {
      const { headers } = await ask(file, { headers: { 'Accept-Encoding': encoding } })
      expect(headers['content-encoding']).toBe(encoding)
      expect(headers.etag).not.toBe(plain.headers.etag)
    }
    expect((await ask(file, { headers: { 'If-None-Match': plain.headers.etag ?? '' } })).status).toBe(304)
    for (const missing of ['../package.json', 'socket.io.msgpack.min.js'])
      expect((await ask(`${server.url}/socket.io/${missing}`)).status).toBe(404)
  })
})
