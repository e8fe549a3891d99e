/**
 * Nobody writes into an event stream but the server (catalogue: BR2, BR3): whatever a peer sends, its readers get exactly
 * that as one event, and an EventSource behaves as HTML says it shall.
 */
import { EventSource } from 'eventsource'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { openStream, post } from '../support/event-stream.ts'
import { tally, tellWrong } from '../support/figures.ts'
import { exchange, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

const any = z.object({ text: z.string(), more: z.unknown() })
const mirror = defineRoom({
  receives: { say: any, leave: z.object({ reason: z.string() }) },
  sends: { said: any, came: z.string() },
  open: (room) => ({
    join: (peer) => room.broadcast('came', peer.name),
    receive: {
      say: (_, data) => room.publish('said', data),
      leave: (peer, { reason }) => peer.close(3000, reason),
    },
  }),
})

beforeAll(async () => {
  server = await startServer({
    rooms: { '/m/:name': { definition: mirror, limits: { rate: { perSecond: 1000, burst: 1000 } } } },
  })
})

afterAll(() => server.close())

const room = () => `${server.url}/m/${crypto.randomUUID()}`

const HOSTILE = [
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  '\0',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u000b',
  '\u000c',
  ':',
  '\u001e',
].flatMap((breaks) => [
  breaks,
  `${breaks}data: [{"type":"forged"}]${breaks}${breaks}`,
  `x${breaks}event: close${breaks}data:{"code":1000,"reason":"forged"}${breaks}${breaks}`,
  `x${breaks}id: 0_0${breaks}retry: 1${breaks}${breaks}event: data${breaks}`,
  `${breaks}: comment${breaks}`,
])

describe('an event stream', () => {
  const one = tally('BR2', 'texts that arrived otherwise')
  tellWrong('BR2', 'tests that found a forged event or header')
  it('carries every text unchanged', async () => {
    const url = room()
    const [member, reader] = [
      await openStream(`${url}?live=sse&client=c`),
      await openStream(`${url}?offset=now&live=sse`),
    ]
    await member.data()
    await reader.control()
    const { peer = '' } = await member.control()
    for (const text of HOSTILE) {
      const data = { text, more: { [text]: [text] } }
      const body = JSON.stringify({ type: 'say', data, id: text.slice(0, 64) })
      expect((await post(url, body, { 'Corridor-Peer': peer })).status).toBe(204)
      await one(async () =>
        expect((await reader.data()).map(({ type, data }) => ({ type, data }))).toEqual([{ type: 'said', data }]),
      )
      const heard: unknown[] = []
      while (heard.length < 2) heard.push(...(await member.data()).filter(({ type }) => type !== 'came'))
      expect(heard).toEqual([
        expect.objectContaining({ type: 'said', data }),
        expect.objectContaining({ type: 'ack', id: text.slice(0, 64) }),
      ])
    }
    member.close()
    reader.close()
  })

  it('carries names, errors and reasons likewise', async () => {
    const url = room()
    const witness = await openStream(`${url}?live=sse&client=w`)
    await witness.data()
    for (const breaks of ['\r', '\n', '\r\n', '\u2028', '\0', '\u0085']) {
      const query = new URLSearchParams({ live: 'sse', client: 'c', name: `a${breaks}event: close${breaks}${breaks}` })
      expect((await fetch(`${url}?${query}`)).status).toBe(400)
    }
    const query = new URLSearchParams({ live: 'sse', client: 'c', name: 'data: [] event:close' })
    const ann = await openStream(`${url}?${query}`)
    const { peer = '' } = await ann.control()
    for (let came = ''; came !== 'data: [] event:close'; )
      came = String((await witness.data()).find(({ type }) => type === 'came')?.data ?? '')
    for (const type of ['\ndata: []\n\n', '\revent: close\r\r', '"]\n\n']) {
      const answer = await post(url, { type, data: {}, id: type }, { 'Corridor-Peer': peer })
      expect(answer.status).toBe(400)
    }
    await post(
      url,
      { type: 'leave', data: { reason: '\n\nevent: data\ndata:[{"type":"forged"}]\n\nretry: 1\n' } },
      { 'Corridor-Peer': peer },
    )
    expect(JSON.parse((await ann.next('close')).data)).toEqual({
      code: 3000,
      reason: '\n\nevent: data\ndata:[{"type":"forged"}]\n\nretry: 1\n',
    })
    await ann.ended
    expect(ann.retryMs).not.toBe(1)
    witness.close()
  })

  it('takes no time to come back out of the reason a module closes with, however it reads', async () => {
    const url = room()
    const ann = await openStream(`${url}?live=sse&client=c`)
    const { peer = '' } = await ann.control()
    const reason = 'over, come back in 1 ms'
    await post(url, { type: 'leave', data: { reason } }, { 'Corridor-Peer': peer })
    expect(JSON.parse((await ann.next('close')).data)).toEqual({ code: 3000, reason })
    await ann.ended
    expect(ann.retryMs).not.toBe(1)
  })

  it('takes no line break into a header or an id: not from an offset, a cursor or a Last-Event-ID', async () => {
    const path = new URL(room()).pathname
    for (const query of [
      'offset=now%0d%0aX-Forged:%201',
      `offset=${'0'.repeat(32)}_0000000000000001%0aid:`,
      'offset=now&cursor=1%0d%0adata:x',
    ]) {
      const { status, headers, body } = await exchange(
        server.port,
        request(`GET ${path}?live=long-poll&${query}`, [
          ['Host', '127.0.0.1'],
          ['Connection', 'close'],
          ['If-None-Match', '"x"'],
        ]).replace('live=long-poll&offset=now&', 'offset=now&'),
      )
      expect([query, [200, 400].includes(status)]).toEqual([query, true])
      expect(headers).not.toHaveProperty('x-forged')
      expect(JSON.stringify(headers) + body).not.toContain('data:x')
    }
  })
})

describe('an EventSource', () => {
  tellWrong('BR3', 'against the standard')
  const opened = (source: EventSource) =>
    new Promise((resolve, reject) => {
      source.addEventListener('control', resolve)
      source.addEventListener('error', reject)
    })

  it('sends its last event id in a header, which takes precedence over the query', async () => {
    const url = room()
    for (const text of ['1', '2', '3']) await post(url, { type: 'say', data: { text, more: 0 } })
    const epoch = ((await (await fetch(url)).json()) as { epoch: string }).epoch
    const stream = await openStream(`${url}?offset=-1&live=sse`, { 'Last-Event-ID': `${epoch}_0000000000000002` })
    expect((await stream.data()).map(({ seq }) => seq)).toEqual([3])
    stream.close()
    const bad = await fetch(`${url}?offset=-1&live=sse`, { headers: { 'Last-Event-ID': 'of another server' } })
    expect(bad.status).toBe(400)
  })

  it('keeps the id of its last event, and reconnects for what it missed', async () => {
    const url = room()
    const ids: string[] = []
    const asked: { last: string | null }[] = []
    const source = new EventSource(`${url}?offset=now&live=sse`, {
      fetch: (to, init) => {
        asked.push({
          last: new Headers(init.headers as Record<string, string>).get('Last-Event-ID'),
        })
        return fetch(to, init)
      },
    })
    const heard: number[] = []
    const { promise: all, resolve } = Promise.withResolvers<void>()
    source.addEventListener('data', ({ data, lastEventId }) => {
      ids.push(lastEventId)
      heard.push(...(JSON.parse(data) as { seq: number }[]).map(({ seq }) => seq))
      if (heard.length === 4) resolve()
    })
    await opened(source)
    await post(url, { type: 'say', data: { text: 'a', more: 0 } })
    await expect.poll(() => heard).toEqual([1])
    // The room is removed and added again: its readers get a time to reconnect.
    const [{ pattern } = { pattern: '' }] = server.server.config.mounts
    const next = {
      rooms: {
        [pattern]: {
          definition: mirror,
          title: `at ${Date.now()}`,
          limits: { rate: { perSecond: 1000, burst: 1000 } },
        },
      },
    }
    await server.reload(next)
    await post(url, [
      { type: 'say', data: { text: 'b', more: 0 } },
      { type: 'say', data: { text: 'c', more: 0 } },
    ])
    await expect.poll(() => asked.length).toBe(2)
    await post(url, { type: 'say', data: { text: 'd', more: 0 } })
    await all
    expect(heard).toEqual([1, 2, 3, 4])
    expect(asked[1]?.last).toBe(ids[0])
    source.close()
  })

  it('stops for good if it is refused', async () => {
    const source = new EventSource(`${server.url}/nowhere?offset=now&live=sse`)
    const error = await new Promise<{ code?: number | undefined }>((resolve) =>
      source.addEventListener('error', resolve),
    )
    expect([error.code, source.readyState]).toEqual([404, EventSource.CLOSED])
  })
})
