/**
 * A token after admission: how long it lasts on every transport, what a resume requires, which ids belong to whom, what a module
 * does with it, and what a reload changes.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { type Client, refused } from '../support/client.ts'
import { openStream, post } from '../support/event-stream.ts'
import { bound, tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { type Setup, startServer, type TestServer } from '../support/server.ts'
import { bearer, inSeconds, SECRET, sign } from '../support/tokens.ts'

let server: TestServer
const auth = { secret: SECRET }

afterEach(() => server.close())

const start = async (rooms: NonNullable<Setup['rooms']>, more: Setup = {}) => {
  server = await startServer({ rooms, ...more })
}
const note = (text: string, id?: string) => ({ type: 'note', data: { text }, id })

describe('when a token ends', () => {
  tellWrong('AU6', 'ends that were missed')
  /** Calls `open` with a token of half a second. → ms from the end of the token to the end of what it opened */
  async function lateness(open: (token: string) => Promise<unknown>): Promise<number> {
    const exp = Date.now() / 1000 + 0.5
    await open(await sign({ sub: 'ann', exp }))
    return Date.now() - exp * 1000
  }

  it('its WebSocket, its streams and its long poll end, and not before', async () => {
    await start({ '/notes': { definition: notes, auth }, '/echo': { module: 'echo', auth } })
    const url = `${server.url}/notes`
    const socket = (path: string) => async (token: string) => {
      const peer = await server.connect(path, {}, { headers: bearer(token) })
      expect(await peer.closed).toEqual({ code: 1008, reason: 'the token has expired' })
    }
    const stream = (query: string) => async (token: string) => {
      const reader = await openStream(`${url}?offset=now&live=sse${query}`, bearer(token))
      expect(JSON.parse((await reader.next('close')).data)).toEqual({ code: 1008, reason: 'the token has expired' })
      await reader.ended
    }
    const poll = async (token: string) => {
      const answer = await fetch(`${url}?offset=now&live=long-poll`, { headers: bearer(token) })
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'token_expired' }])
    }
    const transports = [socket('/notes'), socket('/echo'), stream(''), stream('&client=c'), poll]
    const lates = await Promise.all(transports.map(lateness))
    const figure = `ms from the end of a token to the close, at most, ${transports.length} transports`
    bound('AU6', figure, Math.max(...lates), 1000)
    expect(lates.filter((late) => late < -50)).toEqual([])
  })

  it('is in the welcome, beside the server time', async () => {
    const clock = handClock(Date.now())
    await start({ '/notes': { definition: notes, auth } }, { clock })
    const exp = inSeconds(600)
    const welcomed = async (claims: object) => {
      const options = { headers: bearer(await sign({ sub: 'ann', ...claims })) }
      const peer = await server.connect('/notes', { client: 'c' }, options)
      return (await peer.next<{ time: number; until?: number }>('welcome')).data
    }
    expect(await welcomed({ exp })).toMatchObject({ time: clock.now(), until: exp * 1000 })
    // Of the token it brought last.
    expect(await welcomed({ exp: exp + 60 })).toMatchObject({ until: (exp + 60) * 1000 })
    expect(await welcomed({ exp: undefined })).not.toHaveProperty('until')
  })

  it('who came in its last moments, by our clock, is not sent away at once', async () => {
    await start({ '/notes': { definition: notes, auth } })
    const peer = await server.connect('/notes', {}, { headers: bearer(await sign({ sub: 'ann', exp: inSeconds(-2) })) })
    await peer.next('welcome')
    peer.send('note', { text: 'still here' })
    expect(await peer.next('noted')).toMatchObject({ data: { text: 'still here' } })
  })

  it('a newer token of the same member makes it last, and its claims are the newer ones', async () => {
    const tell = defineRoom({
      receives: { tell: z.object({}).optional() },
      sends: { role: z.unknown() },
      open: () => ({ receive: { tell: (peer) => peer.send('role', peer.claims?.role) } }),
    })
    const clock = handClock(Date.now())
    await start({ '/tell': { definition: tell, auth, limits: { heartbeat: '10m' } } }, { clock })
    const join = async (claims: Record<string, unknown>) =>
      server.connect('/tell', { client: 'c' }, { headers: bearer(await sign({ sub: 'ann', ...claims })) })
    const tellsOf = async (peer: Client) => {
      peer.send('tell')
      return (await peer.next('role')).data
    }
    const before = await join({ role: 'admin', exp: inSeconds(10) })
    expect(await tellsOf(before)).toBe('admin')
    before.terminate()
    const after = await join({ role: 'guest', exp: inSeconds(60) })
    expect(await tellsOf(after)).toBe('guest')
    await clock.advance(30_000)
    expect(await tellsOf(after)).toBe('guest')
    await clock.advance(31_000)
    expect(await after.closed).toEqual({ code: 1008, reason: 'the token has expired' })
  })
})

describe('coming back', () => {
  tellWrong('AU7', 'tests that saw a forbidden message')
  it('asks for a token again, over every transport, however good the offset is', async () => {
    await start({ '/notes': { definition: notes, auth } })
    const headers = bearer(await sign({ sub: 'ann' }))
    const peer = await server.connect('/notes', { client: 'c' }, { headers })
    const { data } = await peer.next<{ epoch: string }>('welcome')
    peer.send('note', { text: 'a secret' })
    await peer.next('noted')
    peer.terminate()
    const offset = `${data.epoch}_0000000000000000`
    for (const given of [{}, bearer(await sign({ sub: 'ann', exp: inSeconds(-60) }))]) {
      expect(await refused(`${server.ws}/notes?client=c&offset=${offset}`, { headers: given })).toMatchObject({
        status: 401,
      })
      for (const live of ['', '&live=sse', '&live=sse&client=c', '&live=long-poll']) {
        const answer = await fetch(`${server.url}/notes?offset=${offset}${live}`, { headers: given })
        expect([live, answer.status]).toEqual([live, 401])
        expect(await answer.text()).not.toContain('a secret')
      }
    }
  })
})

describe('an id that a client chose', () => {
  it('belongs to its principal: nobody else comes in under it, or burns its retries', async () => {
    await start({ '/notes': { definition: notes, auth: { ...auth, required: false } } })
    const [ann, eve] = [bearer(await sign({ sub: 'ann' })), bearer(await sign({ sub: 'eve' }))]
    const join = (headers: Record<string, string>) => server.connect('/notes', { client: 'c' }, { headers })
    const [first, second, guest] = [await join(ann), await join(eve), await join({})]
    const ids = await Promise.all([first, second, guest].map((peer) => peer.next<{ you: { id: string } }>('welcome')))
    expect(ids.map(({ data }) => data.you.id)).toEqual(['ann', 'eve', expect.stringMatching(/^[0-9a-f-]{36}$/)])
    for (const [peer, text] of [
      [second, 'burnt'],
      [guest, 'burnt too'],
      [first, 'meant'],
    ] as const) {
      peer.send('note', { text }, 'm1')
      expect(await peer.next('ack')).not.toHaveProperty('duplicate')
    }
    first.send('note', { text: 'meant' }, 'm1')
    expect(await first.next('ack')).toMatchObject({ id: 'm1', duplicate: true, seq: 3 })
  })

  it('cannot be composed to look like another principal’s', async () => {
    await start({ '/notes': { definition: notes, auth: { ...auth, required: false } } })
    const say = async (sub: string, client: string) => {
      const headers = bearer(await sign({ sub }))
      return post(`${server.url}/notes?client=${client}`, note(`${sub} ${client}`, 'm'), headers)
    }
    for (const [sub, client] of [
      ['a', 'b'],
      ['a b', 'c'],
      ['a', '1'],
      ['1 a', 'b'],
      ['a 1', 'b'],
      ['3 a b', 'c'],
    ] as const)
      expect((await say(sub, client)).status).toBe(204)
    const kept = (await (await fetch(`${server.url}/notes?offset=-1`)).json()) as unknown[]
    expect(kept).toHaveLength(6)
  })

  it('is a producer’s own too: another principal neither fences it off nor takes its place', async () => {
    await start({ '/notes': { definition: notes, auth } })
    const produce = async (sub: string, epoch: number, seq: number) => {
      const producer = { 'Producer-Id': 'p', 'Producer-Epoch': `${epoch}`, 'Producer-Seq': `${seq}` }
      const headers = { ...producer, ...bearer(await sign({ sub })) }
      return (await post(`${server.url}/notes`, note(`${sub} ${epoch} ${seq}`), headers)).status
    }
    expect(await produce('ann', 0, 0)).toBe(200)
    expect(await produce('eve', 9, 0)).toBe(200)
    expect(await produce('ann', 0, 1)).toBe(200)
    expect(await produce('ann', 0, 1)).toBe(204)
  })

  it('nor does another principal speak through a stream that is not his', async () => {
    await start({ '/notes': { definition: notes, auth } })
    const stream = await openStream(`${server.url}/notes?live=sse&client=c`, bearer(await sign({ sub: 'ann' })))
    const { peer = '' } = await stream.control()
    const say = async (headers: Record<string, string>) =>
      (await post(`${server.url}/notes`, note('x'), { ...headers, 'Corridor-Peer': peer })).status
    expect(await say(bearer(await sign({ sub: 'eve' })))).toBe(404)
    expect(await say({})).toBe(401)
    expect(await say(bearer(await sign({ sub: 'ann' })))).toBe(204)
    stream.close()
  })
})

describe('a module', () => {
  const picky = defineRoom({
    receives: {},
    sends: {},
    async admit(claims, { path, params, query }) {
      if (query.get('key') === 'bug') throw new Error('a bug of the author')
      if (claims?.role === 'admin' || query.get('key') === `${path}!${params.name}`) return
      throw new RoomError('not_yours', 'ask ann for a way in')
    },
    open: () => ({}),
  })

  it('may refuse with 403 and a reason, on every transport, before anyone is notified', async () => {
    await start({ '/picky/:name': { definition: picky, auth } })
    const guest = { headers: bearer(await sign({ sub: 'bob' })) }
    const no = { error: 'not_yours', message: 'ask ann for a way in' }
    expect(await refused(`${server.ws}/picky/tea`, guest)).toMatchObject({ status: 403, body: no })
    for (const query of ['', '?offset=-1', '?offset=now&live=sse', '?offset=now&live=long-poll']) {
      const answer = await fetch(`${server.url}/picky/tea${query}`, guest)
      expect([query, answer.status, await answer.json()]).toEqual([query, 403, no])
    }
    expect((await fetch(`${server.url}/picky/tea`, { ...guest, method: 'POST', body: '{}' })).status).toBe(403)
    const admin = bearer(await sign({ sub: 'ann', role: 'admin' }))
    await server.connect('/picky/tea', {}, { headers: admin })
    await server.connect('/picky/tea', { key: '/picky/tea!tea' }, guest)
    server.expectError(/a request failed/)
    expect(await refused(`${server.ws}/picky/tea?key=bug`, guest)).toMatchObject({
      status: 500,
      body: { error: 'internal' },
    })
  })
})

describe('a reload', () => {
  it('that changes who may enter sends everyone out, and in again with what is asked now', async () => {
    await start({ '/notes': { definition: notes } })
    const peer = await server.connect('/notes')
    await peer.next('welcome')
    await server.reload({ rooms: { '/notes': { definition: notes, auth } } })
    expect(await peer.closed).toMatchObject({ code: 1012 })
    expect(await refused(`${server.ws}/notes`)).toMatchObject({ status: 401 })
    const headers = bearer(await sign({ sub: 'ann' }))
    const back = await server.connect('/notes', {}, { headers })

    await server.reload({ rooms: { '/notes': { definition: notes, auth: { secret: `${SECRET} and new` } } } })
    expect(await back.closed).toMatchObject({ code: 1012 })
    expect(await refused(`${server.ws}/notes`, { headers })).toMatchObject({
      status: 401,
      body: { error: 'bad_token' },
    })
  })
})
