/**
 * How a token is sent over every transport, and that without one no transport lets a client in.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import notes from '../support/notes.ts'
import { handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { bearer, inSeconds, SECRET, sign } from '../support/tokens.ts'

let server: TestServer

beforeAll(async () => {
  const room = (auth: Record<string, unknown>, more = {}) => ({ definition: notes, auth, ...more })
  server = await startServer({
    rooms: {
      '/secret': room({ secret: SECRET, cookie: 'pass' }),
      '/other': room({ secret: SECRET }),
      '/guests': room({ secret: SECRET, required: false, cookie: 'pass' }),
      '/spoken': room({ secret: SECRET }, { protocols: ['notes.1'] }),
      '/raw': { module: 'echo', auth: { secret: SECRET } },
    },
  })
})

afterAll(() => server.close())

describe('a token is brought', () => {
  const open = (path: string, headers: Record<string, string>, offer: string[] = []) =>
    server.connect(path, {}, { headers, protocols: offer })
  const whoIs = async (path: string, headers: Record<string, string>, offer: string[] = []) => {
    const client = await open(path, headers, offer)
    const { data } = await client.next<{ you: { id: string; name: string } }>('welcome')
    await client.close()
    return { ...data.you, selected: client.socket.protocol }
  }

  it('in the Authorization header, as a subprotocol, or in the cookie of the room, and says who it is', async () => {
    const token = await sign({ sub: 'u1', name: 'Ann' })
    const ann = { id: 'u1', name: 'Ann', selected: '' }
    expect(await whoIs('/secret', bearer(token))).toEqual(ann)
    expect(await whoIs('/secret', { authorization: `bearer  ${token}` })).toEqual(ann)
    expect(await whoIs('/secret', { Cookie: `theme=dark; pass=${token}` })).toEqual(ann)
    expect(await whoIs('/secret', {}, ['corridor', `bearer.${token}`])).toEqual({ ...ann, selected: 'corridor' })
    expect(await whoIs('/spoken', {}, ['x', 'notes.1', `bearer.${token}`])).toEqual({ ...ann, selected: 'notes.1' })
    expect(await whoIs('/secret', bearer(await sign({ sub: 'u2' })))).toMatchObject({ id: 'u2', name: 'u2' })
    expect(await whoIs('/secret', bearer(await sign({ sub: 'u3', name: 'a\nb' })))).toMatchObject({ name: 'u3' })
    // What a token does not say, or not so that it can be shown, is nobody's to choose.
    for (const claims of [{}, { sub: 'x'.repeat(41) }])
      expect((await whoIs('/secret?name=admin', bearer(await sign(claims)))).name).toMatch(/^guest-/)
  })

  it('and as a subprotocol is never what the server selects', async () => {
    const token = await sign({ sub: 'u1' })
    for (const offer of [`bearer.${token}`, `x, bearer.${token}`, `bearer.${token}, corridor`]) {
      const client = new RawClient(server.port)
      await client.write(request('GET /secret', [...handshake(), ['Sec-WebSocket-Protocol', offer]]))
      const { status, headers } = await client.answer()
      expect([status, headers['sec-websocket-protocol']]).toEqual([
        101,
        offer.includes('corridor') ? 'corridor' : undefined,
      ])
      client.reset()
    }
  })

  it('nowhere else: not in the query, not in another cookie, not in another header', async () => {
    const token = await sign({ sub: 'u1' })
    const out = { status: 401, body: { error: 'no_token' } }
    const tries: [path: string, headers: Record<string, string>][] = [
      [`/secret?token=${token}&access_token=${token}`, {}],
      ['/secret', { Cookie: `session=${token}` }],
      ['/secret', { 'X-Authorization': `Bearer ${token}`, 'Proxy-Authorization': `Bearer ${token}` }],
      ['/secret', { Authorization: `Basic ${token}` }],
      ['/secret', { Authorization: token }],
      ['/other', { Cookie: `pass=${token}` }],
    ]
    for (const [path, headers] of tries) expect(await refused(server.ws + path, { headers })).toMatchObject(out)
  })

  it('with every method and for everything a room serves', async () => {
    const paths = ['', '?offset=-1', '?offset=now&live=sse', '?offset=now&live=long-poll', '?live=sse&client=c']
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of [...paths.map((query) => `/secret${query}`), '/raw', '/raw?offset=-1']) {
        const headers = { 'Content-Type': 'application/json' }
        const body = method === 'POST' ? '{"type":"note","data":{"text":"x"}}' : null
        const answer = await fetch(server.url + path, { method, headers, body })
        expect([method, path, answer.status]).toEqual([method, path, 401])
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
        expect(answer.headers.get('stream-next-offset')).toBe(null)
      }
    }
    const lobby = (await (await fetch(server.url)).json()) as { rooms: { path: string; members?: number }[] }
    const shown = Object.fromEntries(lobby.rooms.map(({ path, members }) => [path, members]))
    expect(shown).toMatchObject({ '/secret': undefined, '/raw': undefined, '/guests': expect.any(Number) })
  })

  it('or not at all where guests may come in; but a wrong one does not make a guest', async () => {
    expect(await whoIs('/guests?name=Bob', {})).toMatchObject({ name: 'Bob' })
    expect(await whoIs('/guests?name=Bob', bearer(await sign({ sub: 'u1', name: 'Ann' })))).toMatchObject({
      id: 'u1',
      name: 'Ann',
    })
    for (const token of [await sign({ sub: 'u1' }, {}, `${SECRET}!`), await sign({ exp: inSeconds(-60) }), 'x']) {
      expect(await refused(`${server.ws}/guests?name=Bob`, { headers: bearer(token) })).toMatchObject({ status: 401 })
      expect((await fetch(`${server.url}/guests?offset=-1`, { headers: bearer(token) })).status).toBe(401)
    }
  })
})
