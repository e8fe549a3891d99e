/**
 * The client where no WebSocket gets through: it hears over Server-Sent Events and speaks by POST, and its user sees no
 * difference. Over a real server; the way there is under the test's control.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ClientRoom, type CorridorError, connect, type Options } from '../../src/client/client.ts'
import { openEventStream } from '../../src/client/event-stream.ts'
import { Blocked } from '../support/blocked.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let rooms: ClientRoom<typeof notes>[] = []

beforeAll(async () => {
  server = await startServer({
    rooms: { '/notes/:name': { definition: notes, limits: { payload: '4KiB', rate: { perSecond: 200, burst: 20 } } } },
  })
})

afterEach(() => {
  for (const room of rooms) room.close()
  rooms = []
})

afterAll(() => server.close())

/** Requests that can be cut, and answers that can be lost. */
function network() {
  const streams: AbortController[] = []
  const posts: string[] = []
  const way = {
    streams,
    posts,
    losesAnswers: 0,
    /** Cuts the stream without a word. */
    cut: () => streams.at(-1)?.abort(),
    fetch: (async (input: string | URL, init: RequestInit = {}) => {
      if (init.method === 'POST') {
        posts.push(String(init.body))
        const answer = await fetch(input, init)
        if (way.losesAnswers-- > 0) throw new TypeError('the answer was lost')
        return answer
      }
      const cut = new AbortController()
      streams.push(cut)
      return fetch(input, { ...init, signal: AbortSignal.any([cut.signal, ...(init.signal ? [init.signal] : [])]) })
    }) as typeof fetch,
  }
  return way
}

async function enter(path = `/notes/${crypto.randomUUID()}`, options: Options = {}) {
  const way = network()
  const room = connect<typeof notes>(server.url + path, {
    WebSocket: Blocked as unknown as NonNullable<Options['WebSocket']>,
    fetch: way.fetch,
    retry: { firstMs: 1, baseMs: 1, capMs: 10 },
    ...options,
  })
  rooms.push(room)
  const heard: string[] = []
  room.on('noted', ({ data }) => heard.push(data.text))
  await expect.poll(() => room.state, { interval: 5 }).toBe('open')
  return { room, way, path, heard }
}

const outcome = (sent: Promise<unknown>) => sent.catch((error: CorridorError) => error)

describe('without a WebSocket', () => {
  it('is in the room, since the server admits it: a member that sends and receives', async () => {
    const { room, path } = await enter(undefined, { name: 'Ann' })
    expect(room.you).toMatchObject({ name: 'Ann' })
    const bob = await server.connect(path, { name: 'Bob' })
    await bob.next('welcome')
    const whispered = new Promise((resolve) => room.on('whispered', ({ data }) => resolve(data.text)))
    bob.send('whisper', { text: 'psst' })
    expect(await whispered).toBe('psst')
    expect(await room.send('note', { text: 'hello' })).toMatchObject({ seq: 1, kept: 'memory' })
    expect(await bob.next('noted')).toMatchObject({ data: { text: 'hello', from: 'Ann' } })
  })

  it('keeps the order of its messages', async () => {
    const { room, heard } = await enter()
    const said = Array.from({ length: 15 }, (_, index) => `${index}`)
    await Promise.all(said.map((text) => room.send('note', { text })))
    expect(heard).toEqual(said)
  })

  it('has all its messages kept once, at the rate of the room', async () => {
    const { room, heard } = await enter()
    const said = Array.from({ length: 60 }, (_, index) => `${index}`)
    await Promise.all(said.map((text) => room.send('note', { text })))
    expect(heard.sort((a, b) => Number(a) - Number(b))).toEqual(said)
  })

  it('gets the error for a wrong message', async () => {
    server.expectError(/receive handler failed/)
    const { room } = await enter()
    const wrong = { text: 7 } as unknown as { text: string }
    expect(await outcome(room.send('note', wrong))).toMatchObject({ code: 'invalid', issues: [{ path: ['text'] }] })
    expect(await outcome(room.send('note', { text: 'x'.repeat(5000) }))).toMatchObject({ code: 'too_large' })
    expect(await outcome(room.send('fail', { code: 'not_yours' }))).toMatchObject({ code: 'not_yours' })
    expect(await outcome(room.send('fail', { code: 'bug' }))).toMatchObject({ code: 'internal' })
    expect(await room.send('note', { text: 'fine' })).toMatchObject({ seq: 1 })
  })

  it('comes back after what it has seen, by the way that worked, and misses nothing', async () => {
    const { room, way, path, heard } = await enter()
    const bob = await server.connect(path)
    const before = Blocked.tried
    for (let index = 0; index < 20; index += 1) {
      bob.send('note', { text: `${index}` }, `m${index}`)
      await bob.next('ack')
      if (index % 5 === 0) {
        way.cut()
        await expect.poll(() => room.state === 'open' && way.streams.length > index / 5 + 1, { interval: 5 }).toBe(true)
      }
    }
    await expect.poll(() => heard.length).toBe(20)
    expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
    expect(Blocked.tried).toBe(before)
  })

  it('sends unanswered messages again, and they are kept once', async () => {
    const { room, way, heard } = await enter()
    way.losesAnswers = 1
    await room.send('note', { text: 'once' })
    await room.send('note', { text: 'and then' })
    expect(heard).toEqual(['once', 'and then'])
    expect(way.posts.filter((text) => text.includes('once')).length).toBeLessThanOrEqual(2)
  })

  it('stays away when the room sends it away', async () => {
    const { room } = await enter()
    void outcome(room.send('leave'))
    await expect.poll(() => room.state).toBe('closed')
  })
})

describe('the stream', () => {
  it('counts comments and every other byte as activity', async () => {
    const activity: number[] = []
    const { promise, resolve } = Promise.withResolvers<[number, string]>()
    const body = new Blob([
      ':\n\n',
      ':\n\n',
      'event: close\ndata: {"code":1012,"reason":"come back in 5 ms"}\n\n',
    ]).stream()
    openEventStream(
      { url: new URL('http://example.org/chat'), token: undefined },
      { fetch: async () => new Response(body) },
      { message: () => {}, activity: () => activity.push(1), lost: (code, reason) => resolve([code, reason]) },
    )
    expect(await promise).toEqual([1012, 'come back in 5 ms'])
    expect(activity.length).toBeGreaterThan(0)
  })

  it('that is refused for now reports the server’s refusal', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    const said = {
      code: 1013,
      reason: 'it is full, come back in 5 ms',
      status: 503,
      error: 'room_full',
      message: 'it is full',
    }
    openEventStream(
      { url: new URL('http://example.org/chat'), token: undefined },
      { fetch: async () => new Response(`retry: 5\nevent: close\ndata:${JSON.stringify(said)}\n\n`) },
      { message: () => {}, activity: () => {}, lost: (...how) => resolve(how) },
    )
    const refusal = { status: 503, code: 'room_full', message: 'it is full' }
    expect(await promise).toEqual([1013, said.reason, refusal])
  })

  it('is read by its own line breaks alone', async () => {
    const text = '\u2028\u2029\u0085 \\n'
    const said = JSON.stringify([{ type: 'noted', data: { text } }])
    const heard: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    openEventStream(
      { url: new URL('ws://example.org/chat'), token: undefined },
      { fetch: async () => new Response(`event: data\ndata: ${said}\nid: x\n\n`) },
      { message: (frame) => heard.push(JSON.parse(frame).data.text), activity: () => {}, lost: () => resolve() },
    )
    await promise
    expect(heard).toEqual([text])
  })
})
