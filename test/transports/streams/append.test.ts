/** Saying something over plain HTTP: what is kept, what is refused and how. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStream, post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/notes/:name': { definition: notes, limits: { payload: '4KiB', rate: { perSecond: 1, burst: 3 } } },
      '/echo': { module: 'echo' },
    },
  })
})

afterAll(() => server.close())

const note = (text: string, id?: string) => ({ type: 'note', data: { text }, ...(id && { id }) })
const room = () => `${server.url}/notes/${crypto.randomUUID()}`

async function texts(url: string): Promise<string[]> {
  const events = (await (await fetch(`${url}?offset=-1`)).json()) as { data: { text: string } }[]
  return events.map(({ data }) => data.text)
}

async function said(answer: Response) {
  return { status: answer.status, ...((await answer.json()) as object) }
}

describe('a message', () => {
  it('is handled as if a peer had sent it, and the answer has the end of the log', async () => {
    const url = room()
    const ann = await server.connect(new URL(url).pathname)
    await ann.next('welcome')
    const answer = await post(`${url}?name=Bob`, note('hello'))
    expect(answer.status).toBe(204)
    expect(answer.headers.get('Stream-Next-Offset')).toMatch(/_0000000000000001$/)
    expect(await ann.next()).toMatchObject({ type: 'noted', seq: 1, data: { text: 'hello', from: 'Bob' } })
  })

  it('comes from no member: nobody is notified of a join or a leave', async () => {
    const url = room()
    const ann = await server.connect(new URL(url).pathname)
    await ann.next('welcome')
    await post(url, [note('1'), { type: 'whisper', data: { text: '2' } }])
    // In the order in which the room said them.
    expect(await ann.next()).toMatchObject({ type: 'noted' })
    expect(await ann.next()).toMatchObject({ type: 'whispered' })
    expect(await (await fetch(url)).json()).toMatchObject({ members: { count: 1 } })
  })

  it('sent again under its id by the same client is kept once; another body under it is a conflict', async () => {
    const url = `${room()}?client=c1`
    for (let time = 0; time < 3; time += 1) expect((await post(url, note('once', 'm1'))).status).toBe(204)
    expect(await said(await post(url, note('other', 'm1')))).toMatchObject({ status: 409, error: 'conflict' })
    expect((await post(url.replace('=c1', '=c2'), note('of another', 'm1'))).status).toBe(204)
    expect(await texts(url.split('?')[0] as string)).toEqual(['once', 'of another'])
  })

  it('is answered with the room’s error', async () => {
    server.expectError(/receive handler failed/)
    const url = room()
    const fail = async (code: string) => said(await post(url, { type: 'fail', data: { code } }))
    expect(await fail('forbidden')).toEqual({ status: 403, error: 'forbidden', message: 'refused with forbidden' })
    expect(await fail('no_such_note')).toMatchObject({ status: 400, error: 'no_such_note' })
    expect(await fail('bug')).toMatchObject({ status: 500, error: 'internal' })
  })
})

describe('a batch', () => {
  it('is kept as a whole, in its order', async () => {
    const url = room()
    expect(
      (
        await post(
          url,
          ['1', '2', '3'].map((text) => note(text)),
        )
      ).status,
    ).toBe(204)
    expect(await texts(url)).toEqual(['1', '2', '3'])
  })

  it('with one bad message is refused with its issues, and nothing of it is kept', async () => {
    const url = room()
    const answer = await said(await post(url, [note('1'), { type: 'note', data: { text: 2 } }]))
    expect(answer).toMatchObject({ status: 400, error: 'invalid', issues: [{ path: ['text'] }] })
    expect(await said(await post(url, [note('1'), { type: 'nothing' }]))).toMatchObject({
      status: 400,
      error: 'unknown_type',
    })
    expect(await said(await post(url, [note('1'), { type: 'fail', data: { code: 'forbidden' } }]))).toMatchObject({
      status: 403,
    })
    expect(await texts(url)).toEqual([])
  })

  it('has at least one message and at most a hundred', async () => {
    const url = room()
    expect(await said(await post(url, []))).toMatchObject({ status: 400 })
    expect(
      await said(
        await post(
          url,
          Array.from({ length: 101 }, () => note('')),
        ),
      ),
    ).toMatchObject({
      status: 413,
      error: 'too_many_messages',
    })
  })
})

describe('a body', () => {
  it.each([
    ['text/plain', 409],
    ['application/octet-stream', 409],
    ['application/x-www-form-urlencoded', 409],
    ['application/json; charset=latin1', 415],
    ['application/json, text/plain', 415],
    ['application/jsonx', 415],
    ['json', 415],
  ])('of type %s is refused with %i', async (type, status) => {
    const url = room()
    expect((await post(url, note('1'), { 'Content-Type': type })).status).toBe(status)
    expect(await texts(url)).toEqual([])
  })

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'of type %s is taken',
    async (type) => {
      expect((await post(room(), note('1'), { 'Content-Type': type })).status).toBe(204)
    },
  )

  it.each([
    ['', 'bad_json'],
    ['{', 'bad_json'],
    ['{"type":"note","__proto__":{"text":"x"}}', 'bad_json'],
    ['{"type":"note","data":{"constructor":{"prototype":{}}}}', 'bad_json'],
    ['"note"', 'bad_message'],
    ['[[{"type":"note"}]]', 'bad_message'],
    ['{"type":"note","id":7}', 'bad_message'],
  ])('of %s is refused as %s', async (body, error) => {
    expect(await said(await post(room(), body))).toMatchObject({ status: 400, error })
  })

  it('that is too large, has no type, is compressed, or is not UTF-8 is refused', async () => {
    const url = room()
    expect(await said(await post(url, note('x'.repeat(5000))))).toMatchObject({ status: 413, error: 'too_large' })
    expect((await fetch(url, { method: 'POST', body: new Uint8Array([123]) })).status).toBe(400)
    expect((await post(url, note('1'), { 'Content-Encoding': 'gzip' })).status).toBe(415)
    const invalid = Buffer.concat([
      Buffer.from('{"type":"note","data":{"text":"'),
      Buffer.from([0xff]),
      Buffer.from('"}}'),
    ])
    const answer = await fetch(url, { method: 'POST', body: invalid, headers: { 'Content-Type': 'application/json' } })
    expect(await said(answer)).toMatchObject({ status: 400, error: 'bad_json' })
  })

  it('may come in pieces', async () => {
    const url = room()
    const status = await new Promise((resolve) => {
      const sent = request(url, { method: 'POST', headers: { 'Content-Type': 'application/json' } }, (answer) =>
        resolve(answer.statusCode),
      )
      const text = JSON.stringify(note('in pieces'))
      sent.write(text.slice(0, 9))
      setImmediate(() => sent.end(text.slice(9)))
    })
    expect(status).toBe(204)
    expect(await texts(url)).toEqual(['in pieces'])
  })
})

describe('what a room does not do', () => {
  it('is refused in words: to create it, delete it, close it, order writers by Stream-Seq', async () => {
    const url = room()
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const answer = await fetch(url, { method, body: 'x', headers: { 'Content-Type': 'a/b' } })
      expect([method, answer.status, answer.headers.get('Allow')]).toEqual([method, 405, 'GET, HEAD, POST, OPTIONS'])
    }
    expect(await said(await post(url, note('1'), { 'Stream-Closed': 'true' }))).toMatchObject({ error: 'not_closable' })
    expect(await said(await post(url, note('1'), { 'Stream-Seq': 'a' }))).toMatchObject({ error: 'no_stream_seq' })
    expect(await texts(url)).toEqual([])
    const raw = await post(`${server.url}/echo`, note('1'))
    expect([raw.status, raw.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    const message = 'expected an event room, got a raw room, which keeps no events; join it over a WebSocket'
    expect(await raw.json()).toEqual({ error: 'raw_room', message })
    expect((await post(`${server.url}/nowhere`, note('1'))).status).toBe(404)
  })
})

describe('too much', () => {
  it('of a peer is 429, at the rate it has on every wire, and a batch costs as much as its messages', async () => {
    const url = room()
    const stream = await openStream(`${url}?offset=now&live=sse&client=c`)
    const { peer = '' } = await stream.control()
    const speak = (count: number) =>
      post(
        url,
        Array.from({ length: count }, () => note('x')),
        { 'Corridor-Peer': peer },
      )
    expect((await speak(4)).status).toBe(413)
    expect((await speak(2)).status).toBe(204)
    const refused = await speak(2)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1'])
    stream.close()
  })

  it('from one address is 429 too', async () => {
    const own = await startServer({
      server: { limits: { handshakes: { perSecond: 1, burst: 5 } } },
      rooms: { '/notes': { definition: notes } },
    })
    const url = `${own.url}/notes`
    expect((await post(url, [note('1'), note('2'), note('3'), note('4')])).status).toBe(204)
    const refused = await post(url, [note('5'), note('6'), note('7')])
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    // To wait would not help.
    const never = await post(
      url,
      ['1', '2', '3', '4', '5', '6'].map((text) => note(text)),
    )
    expect([never.status, await never.json()]).toMatchObject([413, { error: 'too_many_messages' }])
    await own.close()
  })
})
