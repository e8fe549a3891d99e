/**
 * A status is the last word for an EventSource: it never asks again. So whatever is only "not now" is an event stream
 * that says when to come back, and missing events are reported in the stream; what is final stays a status.
 */
import { EventSource } from 'eventsource'
import { afterEach, describe, expect, it } from 'vitest'
import { defineRoom, RoomError } from '../../../src/define.ts'
import { openStream, post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { type Setup, startServer, type TestServer } from '../../support/server.ts'
import { SECRET } from '../../support/tokens.ts'

const FULL: Setup['server'] = { limits: { peers: 1 } }
const note = (text: string) => ({ type: 'note', data: { text } })

let server: TestServer | undefined
afterEach(async () => {
  const running = server
  server = undefined
  await running?.close()
})

const start = async (line: Record<string, unknown>, setup: Setup = {}) => {
  const rooms = { '/room': { definition: notes, ...line }, '/r/:name': { definition: notes, ...line } }
  server = await startServer({ rooms, ...setup })
  return server
}
const failing = defineRoom({
  sends: {},
  open() {
    throw new Error('a bug of the author')
  },
})
const bug = defineRoom({
  sends: {},
  admit() {
    throw new Error('a bug of the author')
  },
  open: () => ({}),
})

describe('not now', () => {
  const wait = { handshakes: { perSecond: 0.001, burst: 1 } }
  const cases: [string, string, number, (path: string) => Promise<TestServer>][] = [
    [
      'a full room',
      'room_full',
      503,
      async (path) => {
        const server = await start({ limits: { peers: 1 } })
        await server.connect(path)
        return server
      },
    ],
    [
      'a full server',
      'server_full',
      503,
      async (path) => {
        const server = await start({}, { server: FULL })
        await server.connect(path)
        return server
      },
    ],
    [
      'too many of one address',
      'too_many',
      429,
      async (path) => {
        const server = await start({ limits: { perAddress: 1 } })
        await server.connect(path)
        return server
      },
    ],
    [
      'too many handshakes',
      'too_many',
      429,
      async (path) => {
        const server = await start({}, { server: { limits: wait } })
        await server.connect(path)
        return server
      },
    ],
    [
      'too many rooms',
      'too_many_rooms',
      503,
      async () => {
        const one = { '/r/:name': { definition: notes, instances: 1 } }
        const server = await start({}, { rooms: one })
        await server.connect('/r/other')
        return server
      },
    ],
    [
      'a room that does not open',
      'room_failed',
      503,
      async () => {
        const server = await start({ definition: failing })
        server.expectError(/open failed/)
        return server
      },
    ],
    [
      'a module that fails to decide',
      'internal',
      500,
      async () => {
        const server = await start({ definition: bug })
        server.expectError(/a request failed/)
        return server
      },
    ],
    ['keys that cannot be had', 'keys_unavailable', 503, () => start({ auth: { jwksUrl: 'http://127.0.0.1:1/keys' } })],
  ]
  const token = `${btoa('{"alg":"RS256","kid":"1"}')}.e30.e30`.replaceAll('=', '')

  it.each(cases)('%s (%s): a stream with a reconnect delay, which ends', async (_, error, status, prepare) => {
    const { url } = await prepare('/r/room')
    const headers = error === 'keys_unavailable' ? { Authorization: `Bearer ${token}` } : {}
    for (const query of ['offset=-1&live=sse', 'live=sse&client=c']) {
      const answer = await fetch(`${url}/r/room?${query}`, { headers })
      const said = await answer.text()
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
      expect(answer.headers.get('Cache-Control')).toContain('no-store')
      expect(Number(/^retry: (\d+)\n/.exec(said)?.[1])).toBeGreaterThanOrEqual(1000)
      // Nothing that could be taken for an offset.
      expect(said).not.toMatch(/^id:/m)
      expect(JSON.parse(/^event: close\ndata:(.*)\n\n$/m.exec(said)?.[1] ?? '')).toMatchObject({ status, error })
      const head = await fetch(`${url}/r/room?${query}`, { headers, method: 'HEAD' })
      expect([head.status, head.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
    }
    // A long poll can retry after a status, so it gets one.
    if (error === 'internal') return
    const polled = await fetch(`${url}/r/room?offset=-1&live=long-poll`, { headers })
    expect([polled.status, Number(polled.headers.get('Retry-After')) > 0]).toEqual([status, true])
  })

  it('is not used for final refusals, which stay a status', async () => {
    const closed = defineRoom({
      admit() {
        throw new RoomError('not_invited', 'you are not on the list')
      },
      open: () => ({}),
    })
    server = await startServer({
      rooms: {
        '/room': { definition: notes },
        '/locked': { definition: notes, auth: { secret: SECRET } },
        '/closed': { definition: closed },
        '/echo': { module: 'echo' },
      },
    })
    const ask = async (path: string, headers = {}) => (await fetch(server?.url + path, { headers })).status
    expect(await ask('/room?offset=wrong&live=sse')).toBe(400)
    expect(await ask('/locked?offset=-1&live=sse')).toBe(401)
    expect(await ask('/closed?offset=-1&live=sse')).toBe(403)
    expect(await ask('/nowhere?offset=-1&live=sse')).toBe(404)
    expect(await ask('/echo?offset=-1&live=sse')).toBe(405)
  })
})

describe('a past that is gone', () => {
  const at = (epoch: string, seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`

  it('is reported in the stream, with a new offset, and the stream goes on', async () => {
    const { url } = await start({ history: { keep: 3 } })
    for (const text of ['1', '2', '3', '4', '5']) await post(`${url}/room`, note(text))
    const { epoch } = (await (await fetch(`${url}/room`)).json()) as { epoch: string }
    const lost: [string, string][] = [
      [at(epoch, 1), 'trimmed'],
      [at(epoch, 9), 'ahead'],
      [at('0'.repeat(32), 5), 'epoch'],
    ]
    for (const [offset, reason] of lost) {
      for (const [query, headers] of [
        [`offset=${offset}`, {}],
        ['offset=now', { 'Last-Event-ID': offset }],
      ] as const) {
        const stream = await openStream(`${url}/room?live=sse&${query}`, headers)
        const reset = await stream.next('data')
        expect(JSON.parse(reset.data)).toEqual([{ type: 'reset', data: { epoch, first: 3, seq: 5, reason } }])
        // A reader that is cut off right here resumes before all that is kept.
        expect(reset.id).toBe(at(epoch, 2))
        expect((await stream.data()).map(({ seq }) => seq)).toEqual([3, 4, 5])
        stream.close()
      }
    }
  })

  it('is passed by an EventSource that comes back after it', async () => {
    const { url, ...rest } = await start({ history: { keep: 2 } })
    const source = new EventSource(`${url}/room?offset=now&live=sse`)
    const heard: { type: string; seq?: number }[] = []
    source.addEventListener('data', ({ data }) => heard.push(...JSON.parse(data)))
    await new Promise((resolve) => source.addEventListener('control', resolve, { once: true }))
    await post(`${url}/room`, note('1'))
    await expect.poll(() => heard.length).toBe(1)
    // The room closes under it and opens again; meanwhile more is published than is kept.
    await rest.reload({ rooms: { '/room': { definition: notes, title: 'Another', history: { keep: 2 } } } })
    for (const text of ['2', '3', '4', '5']) await post(`${url}/room`, note(text))
    await expect.poll(() => heard.length).toBe(4)
    expect(heard.slice(1)).toMatchObject([{ type: 'reset', data: { reason: 'trimmed' } }, { seq: 4 }, { seq: 5 }])
    source.close()
  })
})
