/** A body is judged by its headers before it is read: what is not JSON as it is gets a status that says what is expected. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import notes from '../../support/notes.ts'
import { type Headers, RawClient, request } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ rooms: { '/notes': { definition: notes } } })
})
afterAll(() => server.close())

const JSON_TYPE = 'application/json'
const NOTE = '{"type":"note","data":{"text":"x"}}'
const kept = async () => ((await (await fetch(`${server.url}/notes?offset=-1`)).json()) as unknown[]).length

const WRONG: [string, number, Record<string, string>][] = [
  ['gzipped JSON', 415, { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' }],
  ['JSON in Brotli', 415, { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'br' }],
  ['gzipped, without a type', 415, { 'Content-Encoding': 'gzip' }],
  ['gzipped text', 415, { 'Content-Type': 'text/plain', 'Content-Encoding': 'x-gzip' }],
  ['twice encoded', 415, { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'identity, gzip' }],
  ['in another charset', 415, { 'Content-Type': 'application/json; charset=utf-16' }],
  ['of a type that is none', 415, { 'Content-Type': 'json' }],
  // By the protocol (5.2), since the type of a stream is what it was made with.
  ['binary', 409, { 'Content-Type': 'application/octet-stream' }],
  ['MessagePack', 409, { 'Content-Type': 'application/msgpack' }],
  ['a form', 409, { 'Content-Type': 'application/x-www-form-urlencoded' }],
  ['of no type', 400, {}],
]

describe('a body', () => {
  it.each(WRONG)('that is %s is %i before any of it has come', async (_, status, headers) => {
    for (const size of [{ 'Content-Length': '40' }, { 'Transfer-Encoding': 'chunked' }]) {
      const client = new RawClient(server.port)
      await client.write(request('POST /notes', Object.entries({ Host: '127.0.0.1', ...headers, ...size })))
      const answer = await client.answer()
      expect([answer.status, answer.error]).toEqual([status, 'bad_type'])
      expect(answer.headers['accept-post']).toBe(JSON_TYPE)
      expect(answer.headers['accept-encoding']).toBe('identity')
      client.reset()
    }
  })

  it('of bytes is refused by its headers, not as wrong UTF-8, and nothing of it is kept', async () => {
    const before = await kept()
    const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(`${server.url}/notes`, { method: 'POST', body, headers })
    const gzipped = new Uint8Array(gzipSync(NOTE))
    expect((await post(gzipped, { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' })).status).toBe(415)
    // A client that compresses and does not say so.
    expect((await post(gzipped, { 'Content-Type': JSON_TYPE })).status).toBe(415)
    expect((await post(new Uint8Array([0xff, 0xfe, 0]), { 'Content-Type': 'application/cbor' })).status).toBe(409)
    expect((await post(new Uint8Array([0x7b, 0xff, 0x7d]), { 'Content-Type': JSON_TYPE })).status).toBe(400)
    expect(await kept()).toBe(before)
  })

  it.each([
    { 'Content-Type': 'application/json; charset=utf8' },
    { 'Content-Type': 'application/json; charset="UTF-8"' },
    { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'identity' },
  ])('of JSON as it is is taken: %j', async (headers) => {
    expect((await fetch(`${server.url}/notes`, { method: 'POST', body: NOTE, headers })).status).toBe(204)
  })

  it('that is too large is 413, of whatever type, and its sender reads so', async () => {
    for (const type of [JSON_TYPE, 'text/plain']) {
      const headers = { 'Content-Type': type }
      const answer = await fetch(`${server.url}/notes`, { method: 'POST', headers, body: 'x'.repeat(100_000) })
      expect([answer.status, await answer.json()]).toMatchObject([413, { error: 'too_large' }])
    }
    const client = new RawClient(server.port)
    const head = { Host: '127.0.0.1', 'Content-Type': JSON_TYPE, 'Content-Length': '100000', Expect: '100-continue' }
    await client.write(request('POST /notes', Object.entries(head)))
    expect((await client.answer()).status).toBe(413)
    client.reset()
  })

  it('that is empty is 400, and says what was expected', async () => {
    const headers = { 'Content-Type': JSON_TYPE }
    const answer = await fetch(`${server.url}/notes`, { method: 'POST', headers })
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'bad_json' }])
  })

  it('leaves the connection good for the next request, when it is refused', async () => {
    const client = new RawClient(server.port)
    const headers = { Host: '127.0.0.1', 'Content-Type': 'text/plain', 'Content-Length': String(NOTE.length) }
    await client.write(request('POST /notes', Object.entries(headers)), NOTE)
    expect((await client.answer()).status).toBe(409)
    await client.write(request('POST /notes', Object.entries({ ...headers, 'Content-Type': JSON_TYPE })), NOTE)
    expect((await client.answer()).status).toBe(204)
    client.reset()
  })
})

describe('a client that asks first (Expect: 100-continue)', () => {
  const ask = (more: Record<string, string>): Headers =>
    Object.entries({ Host: '127.0.0.1', Expect: '100-continue', 'Content-Length': String(NOTE.length), ...more })

  it('is asked for the body it may send, and then answered', async () => {
    const client = new RawClient(server.port)
    await client.write(request('POST /notes', ask({ 'Content-Type': JSON_TYPE })))
    expect((await client.answer(true)).status).toBe(100)
    await client.write(NOTE)
    expect((await client.answer()).status).toBe(204)
    client.reset()
  })

  it.each([
    ['/notes', { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' }, 415],
    ['/notes', {}, 400],
    ['/nowhere', { 'Content-Type': JSON_TYPE }, 404],
  ] as const)('is refused at %s without having sent it: %j', async (path, headers, status) => {
    const client = new RawClient(server.port)
    await client.write(request(`POST ${path}`, ask(headers)))
    const answer = await client.answer()
    expect([answer.status, answer.headers.connection]).toEqual([status, 'close'])
    client.reset()
  })

  it('curl does, and is understood', async () => {
    const headers = ['-H', 'Expect: 100-continue', '-H', 'Content-Type: application/json']
    const code = ['-s', '-o', '/dev/null', '-w', '%{http_code}']
    const { stdout } = await promisify(execFile)('curl', [...code, ...headers, '-d', NOTE, `${server.url}/notes`])
    expect(stdout).toBe('204')
  })
})
