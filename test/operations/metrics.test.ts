/**
 * What an operator watches: each number moves when what it counts happens, and clients cannot create a series
 * (catalogue: LB7).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { defineRoom, RoomError } from '../../src/define.ts'
import { closeFrame, frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { refused } from '../support/client.ts'
import { openStream, post } from '../support/event-stream.ts'
import { tell } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { seeded } from '../support/random.ts'
import { RawClient } from '../support/raw.ts'
import { amount } from '../support/scale.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
afterEach(() => server.close())

const ask = (headers: Record<string, string> = {}) => fetch(`${server.url}/metrics`, { headers })

/** Every series by its name and labels, with its value. */
async function series(): Promise<Map<string, number>> {
  const lines = (await (await ask()).text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

describe('/metrics', () => {
  it('is readable by everyone if no token is set, as Prometheus reads it', async () => {
    server = await startServer({ rooms: { '/echo': {} } })
    // Also of a room that nobody opened yet: a graph begins at 0, and goes back to it.
    const now = await series()
    expect(['peers', 'rooms'].map((name) => now.get(`corridor_${name}{room="/echo"}`))).toEqual([0, 0])
    const answer = await ask()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.text()).toMatch(/^# HELP corridor_refusals_total /m)
    expect((await fetch(`${server.url}/metrics`, { method: 'POST' })).status).toBe(404)
  })

  it('requires the token if one is set, and guessing is slow', async () => {
    const limits = { handshakes: { perSecond: 0.1, burst: 4 } }
    server = await startServer({ rooms: { '/echo': {} }, server: { limits }, env: { METRICS_TOKEN: 'sesame' } })
    const status = async (authorization?: string) => (await ask(authorization ? { authorization } : {})).status
    expect(await status('Bearer sesame')).toBe(200)
    const refused = await ask()
    expect(refused.status).toBe(401)
    expect(await refused.json()).toEqual({
      error: 'no_token',
      message: 'expected the metrics token, got none; send it as "Authorization: Bearer <token>"',
    })
    for (const wrong of ['Bearer sesam', 'Bearer sesame1', 'Basic sesame']) expect(await status(wrong)).toBe(401)
    expect(await status('Bearer open')).toBe(429)
    expect(await status('bearer sesame')).toBe(200)
    expect(await (await ask()).text()).not.toContain('sesame')
  })
})

describe('a metric counts', () => {
  const picky = defineRoom({
    receives: {},
    sends: {},
    admit: (_, { query }) => {
      throw new RoomError(query.get('code') ?? 'no', 'no')
    },
    open: () => ({}),
  })

  it('peers, messages, refusals, and why connections end', async () => {
    server = await startServer({
      rooms: {
        '/notes': { definition: notes, limits: { rate: { perSecond: 1, burst: 4 } } },
        '/picky': { definition: picky },
      },
    })
    const [ann, bob] = [await server.connect('/notes', { name: 'Ann' }), await server.connect('/notes')]
    ann.send('note', { text: 'a' })
    await bob.next('noted')
    ann.send('nothing')
    await ann.next('error')
    await refused(`${server.ws}/nowhere`)
    await refused(`${server.ws}/picky?code=made_up`)
    await fetch(`${server.url}/notes?offset=wrong`)
    await post(`${server.url}/notes`, { type: 'fail', data: { code: 'mine' } })
    await post(`${server.url}/notes`, { type: 'nothing' })
    const now = await series()
    const of = (name: string, label = '{room="/notes"}') => now.get(`corridor_${name}${label}`)
    expect([of('peers'), of('rooms'), of('joins_total')]).toEqual([2, 1, 2])
    expect([of('messages_total'), of('message_errors_total'), of('events_total')]).toEqual([4, 2, 1])
    expect(of('deliveries_total')).toBeGreaterThanOrEqual(2)
    expect(of('log_up', '')).toBe(1)
    const refusals = (code: string) => of('refusals_total', `{code="${code}"}`)
    expect(['no_such_room', 'admit', 'bad_offset', 'module', 'unknown_type'].map(refusals)).toEqual([1, 1, 1, 1, 1])
    expect(refusals('made_up') ?? refusals('mine')).toBe(undefined)

    ann.send('leave')
    await ann.closed
    bob.sendBinary(new Uint8Array(1))
    expect((await bob.closed).code).toBe(1003)
    const stream = await openStream(`${server.url}/notes?offset=now&live=sse`)
    await server.reload({ rooms: { '/picky': { definition: picky } } })
    await stream.ended
    const bare = await BarePeer.open(`${server.ws}/picky`).catch(() => undefined)
    expect(bare).toBe(undefined)
    const after = await series()
    const closes = (code: string) => after.get(`corridor_closes_total{code="${code}"}`)
    expect(['module', '1003', '1001'].map(closes)).toEqual([1, 1, 1])
    expect(after.get('corridor_peers{room="/notes"}')).toBe(undefined)
  })

  it('a close for a malformed frame as the server’s, a close by the peer as none, and none twice', async () => {
    const rooms = { '/echo': { limits: { payload: '100B' } }, '/notes': { definition: notes } }
    server = await startServer({ rooms })
    const end = async (bytes: Buffer, path = '/echo') => {
      const peer = await BarePeer.open(server.ws + path)
      peer.write(bytes)
      await peer.closed()
    }
    await end(closeFrame(1002))
    await end(closeFrame(4321))
    expect([...(await series()).keys()].filter((name) => name.startsWith('corridor_closes'))).toEqual([])
    await end(frame(Op.text, 'x'.repeat(101)))
    await end(frame(3, ''))
    // It is closed already when it says what is broken.
    await end(Buffer.concat([frame(Op.binary, 'b'), frame(3, '')]), '/notes')
    const now = await series()
    const closes = ['1009', '1002', '1003'].map((code) => now.get(`corridor_closes_total{code="${code}"}`))
    expect(closes).toEqual([1, 1, 1])
  })

  it('the commits of the log', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'corridor-metrics-'))
    server = await startServer({ rooms: { '/notes': { definition: notes } }, env: { DATA_DIR: folder } })
    const peer = await server.connect('/notes')
    for (const id of ['1', '2', '3']) {
      peer.send('note', { text: id }, id)
      await peer.next('ack')
    }
    const now = await series()
    expect(now.get('corridor_commit_seconds_count')).toBe(3)
    expect(now.get('corridor_commit_seconds_sum')).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
  })
})

/** How many requests that none of our pages makes. */
const STRANGE = amount(3000, 100_000)

describe('many strange requests', () => {
  const FORMS: ((word: string) => string)[] = [
    (word) => `GET /${word}`,
    (word) => `GET /r/${word}`,
    (word) => `GET /r/${word}?offset=${word}`,
    (word) => `GET /open?offset=-1&${word}=${word}`,
    (word) => `PUT /r/${word}`,
    (word) => `DELETE /${word}/${word}`,
    (word) => `GET /picky?code=${word}`,
    (word) => `GET /r/x?client=${word}%20&live=sse`,
    (word) => `HEAD /${word}%zz`,
    (word) => `GET /sub//${word}`,
  ]
  const picky = defineRoom({
    receives: {},
    sends: {},
    admit: (_, { query }) => {
      throw new RoomError(query.get('code') ?? '', 'no')
    },
    open: () => ({}),
  })

  it('make no series beyond those of the first few', async () => {
    const RATE = { perSecond: 1e6, burst: 1e6 }
    server = await startServer({
      env: { LOG_LEVEL: 'warn' },
      server: { limits: { handshakes: RATE } },
      rooms: { '/open': { definition: notes }, '/r/:name': { definition: notes }, '/picky': { definition: picky } },
    })
    const random = seeded(1)
    const word = () => random.below(2 ** 48).toString(36)
    const storm = async (count: number) => {
      const client = new RawClient(server.port)
      for (let left = count; left > 0; left -= 100) {
        const batch = Array.from({ length: 100 }, (_, index) => FORMS[index % FORMS.length]?.(word()) ?? '')
        const text = batch.map((line) => `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n`)
        await client.write(text.join(''))
        for (const line of batch) await client.answer(line.startsWith('HEAD'))
      }
      client.reset()
    }
    const goodbyes = async (count: number) => {
      for (let left = count; left > 0; left -= 1) {
        const peer = await BarePeer.open(`${server.ws}/r/${word()}?name=${word()}`)
        peer.write(closeFrame(3000 + random.below(2000)))
        await peer.closed()
      }
    }
    // Everything that can happen once, so that its series is there.
    await storm(100)
    await goodbyes(3)
    const before = [...(await series()).keys()]
    await storm(STRANGE)
    await goodbyes(amount(100, 300))
    const after = [...(await series()).keys()]
    const made = after.filter((name) => name.startsWith('corridor_') && !before.includes(name)).length
    tell('LB7', `series made by ${STRANGE} strange requests`, made)
    expect(after.filter((name) => name.startsWith('corridor_'))).toEqual(
      before.filter((name) => name.startsWith('corridor_')),
    )
    // Node's own: kinds of handles and of garbage collection, a few more or less.
    expect(Math.abs(after.length - before.length)).toBeLessThan(40)
  })
})
