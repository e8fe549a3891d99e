/** Frames that no good client sends: too large, in too many pieces, of the wrong kind, after the end. Only the sender is touched. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import type { Client } from '../support/client.ts'
import { frame, handshake, RawClient, request } from '../support/raw.ts'
import { BRIEF_DRAIN, startServer, type TestServer } from '../support/server.ts'

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9

let server: TestServer
let witness: Client
/** What reached the handlers. */
const heard: string[] = []

const kicking = defineRoom({
  open: () => ({
    message: (peer, data) => {
      heard.push(String(data))
      if (data === 'kick me') peer.close(4001, 'as you wish')
      if (String(data).startsWith('reason ')) peer.close(4002, String(data).slice(7))
    },
  }),
})

beforeAll(async () => {
  server = await startServer({
    env: BRIEF_DRAIN,
    rooms: {
      '/echo': { module: 'echo', limits: { payload: 1000, rate: { perSecond: 1000, burst: 1000 } } },
      '/chat': { module: 'chat' },
      '/kick': { definition: kicking, limits: { rate: { perSecond: 1000, burst: 1000 } } },
    },
  })
  witness = await server.connect('/echo')
})

afterAll(() => server.close())

async function join(path: string): Promise<RawClient> {
  const client = new RawClient(server.port)
  await client.write(request(`GET ${path}`, handshake()))
  expect((await client.answer()).status).toBe(101)
  return client
}

async function nobodyElseIsTouched() {
  witness.sendText('?')
  expect(await witness.nextText()).toBe('?')
}

describe('a message', () => {
  it('of exactly the size a room takes is taken, one byte more closes with 1009', async () => {
    const peer = await server.connect('/echo')
    peer.sendText('x'.repeat(1000))
    expect(await peer.nextText()).toHaveLength(1000)
    peer.sendText('x'.repeat(1001))
    expect((await peer.closed).code).toBe(1009)
    await nobodyElseIsTouched()
  })

  it('that says it is endless is refused by its head alone', async () => {
    const client = await join('/echo')
    await client.write(Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    expect(await client.frame()).toMatch(/^close (1009|1002)/)
    await nobodyElseIsTouched()
  })

  it('in too many pieces closes, whether they carry something or not', async () => {
    for (const payload of ['x', '']) {
      const client = await join('/echo')
      const pieces = Array.from({ length: 300 }, () => frame(CONTINUATION, payload, false))
      await client.write(Buffer.concat([frame(TEXT, payload, false), ...pieces]))
      expect(await client.frame()).toMatch(/^close 1008/)
    }
    await nobodyElseIsTouched()
  })

  it('that comes byte by byte is whole in the end', async () => {
    const client = await join('/echo')
    await client.write(...[...frame(TEXT, 'slowly')].map((byte) => Buffer.from([byte])))
    expect(await client.frame()).toBe('slowly')
    client.reset()
  })

  it('of bytes to an event room closes with 1003', async () => {
    const peer = await server.connect('/chat')
    peer.sendBinary(new Uint8Array([1, 2, 3]))
    expect(await peer.closed).toMatchObject({ code: 1003 })
  })

  it.each([
    ['a lone continuation', Buffer.from([0xff])],
    ['half a character', Buffer.from([0xe8, 0x8c])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ])('that is no UTF-8 closes with 1007: %s', async (_, bytes) => {
    for (const path of ['/echo', '/chat']) {
      const client = await join(path)
      await client.write(frame(TEXT, bytes))
      let said = await client.frame()
      while (said.startsWith('{')) said = await client.frame()
      expect(said).toMatch(/^close 1007/)
    }
    await nobodyElseIsTouched()
  })

  it.each([
    ['not masked', Buffer.from([0x81, 0x01, 0x61])],
    ['with a reserved bit', Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x61])],
    ['of an unknown kind', frame(3, 'a')],
    ['that continues nothing', frame(CONTINUATION, 'a')],
    ['that begins within another', Buffer.concat([frame(TEXT, 'a', false), frame(BINARY, 'b')])],
    ['that is a ping in pieces', frame(PING, 'a', false)],
  ])('%s closes with 1002', async (_, bytes) => {
    const client = await join('/echo')
    await client.write(bytes)
    expect(await client.frame()).toMatch(/^close 1002/)
    await nobodyElseIsTouched()
  })
})

describe('a close', () => {
  it('with any code and length never disturbs the room', async () => {
    const codes = [0, 1, 999, 1000, 1001, 1004, 1005, 1006, 1007, 1011, 1012, 1014, 1015, 1016, 1100, 2000, 2999, 3000]
    codes.push(3999, 4000, 4999, 5000, 65535)
    for (const code of codes) {
      const client = await join('/echo')
      const bytes = Buffer.alloc(2)
      bytes.writeUInt16BE(code)
      await client.write(frame(CLOSE, bytes))
      const isValid =
        (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
      expect([code, await client.frame()]).toEqual([code, `close ${isValid ? code : 1002} `])
    }
    const client = await join('/echo')
    await client.write(frame(CLOSE, Buffer.from([3])))
    expect(await client.frame()).toMatch(/^close 1002/)
    await nobodyElseIsTouched()
  })

  it('of ours is the last event: what the peer sends after it reaches no handler', async () => {
    heard.length = 0
    const client = await join('/kick')
    await client.write(Buffer.concat([frame(TEXT, 'kick me'), frame(TEXT, 'and now?')]))
    expect(await client.frame()).toBe('close 4001 as you wish')
    await client.write(frame(TEXT, 'I stay'), frame(CLOSE, Buffer.from([0x0f, 0xa1])))
    await client.ended
    expect(heard).toEqual(['kick me'])
  })

  it.each([
    ['x'.repeat(123), 123],
    ['x'.repeat(124), 123],
    ['x'.repeat(60_000), 123],
    ['茶'.repeat(42), 123],
    [`x${'茶'.repeat(42)}`, 121],
    [`${'😀'.repeat(40)}`, 120],
  ])('with a long reason is cut between characters', async (reason, bytes) => {
    const client = await join('/kick')
    await client.write(frame(TEXT, `reason ${reason}`))
    const [, said = ''] = /^close 4002 (.*)$/s.exec(await client.frame()) ?? []
    expect(Buffer.byteLength(said)).toBe(bytes)
    expect(reason.startsWith(said)).toBe(true)
  })
})
