/** Which pages may read and speak over HTTP: those of the room's own origin, those it lists, and programs, which have none. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/own': { definition: notes },
      '/listed': { definition: notes, origins: ['https://app.example', 'http://localhost:8080'] },
      '/labels': { definition: notes, origins: ['https://*.example.org', 'file://'] },
      '/any': { definition: notes, origins: '*' },
      '/echo': { module: 'echo', origins: ['https://app.example'] },
    },
  })
})

afterAll(() => server.close())
tellWrong('AU1', 'wrong answers over HTTP')

/** A request as a page of `origin` sends it; `fetch` would not let a program say so. */
function ask(method: string, path: string, origin: string | undefined, headers: Record<string, string> = {}) {
  const body = method === 'POST' ? '{"type":"note","data":{"text":"x"}}' : undefined
  return new Promise<{ status: number | undefined; header: (name: string) => string | undefined }>(
    (resolve, reject) => {
      const all = { ...headers, ...(origin && { Origin: origin }), ...(body && { 'Content-Type': 'application/json' }) }
      const sent = request(server.url + path, { method, headers: all }, (answer) => {
        answer.destroy()
        const { statusCode, headers } = answer
        resolve({ status: statusCode, header: (name) => headers[name.toLowerCase()] as string | undefined })
      })
      sent.once('error', reject)
      sent.end(body)
    },
  )
}

const LISTED = 'https://app.example'
const FOREIGN = 'https://evil.example'

describe('a page of a listed origin', () => {
  it.each([
    ['GET', '/listed'],
    ['GET', '/listed?offset=-1'],
    ['HEAD', '/listed'],
    ['GET', '/listed?offset=now&live=sse'],
    ['GET', '/listed?offset=now&live=sse&client=c'],
    ['POST', '/listed'],
    ['GET', '/listed?offset=wrong'],
    ['PUT', '/listed'],
    ['GET', '/echo?offset=-1'],
  ])('may read the answer to %s %s, and that alone', async (method, path) => {
    const answer = await ask(method, path, LISTED)
    expect(answer.header('Access-Control-Allow-Origin')).toBe(LISTED)
    expect(answer.header('Vary')).toContain('Origin')
    expect(answer.header('Cross-Origin-Resource-Policy')).toBe('cross-origin')
    expect(answer.header('Access-Control-Expose-Headers')).toContain('Stream-Next-Offset')
    expect(answer.header('Access-Control-Allow-Credentials')).toBe(undefined)
  })

  it('gets a preflight answer that lists what it may send', async () => {
    const answer = await ask('OPTIONS', '/listed', LISTED, { 'Access-Control-Request-Method': 'POST' })
    expect(answer.status).toBe(204)
    expect(answer.header('Access-Control-Allow-Origin')).toBe(LISTED)
    expect(answer.header('Access-Control-Allow-Methods')).toContain('POST')
    for (const name of ['Content-Type', 'Corridor-Peer', 'Producer-Id', 'Producer-Epoch', 'Producer-Seq'])
      expect(answer.header('Access-Control-Allow-Headers')).toContain(name)
    expect((await ask('OPTIONS', '/echo', LISTED)).header('Access-Control-Allow-Methods')).not.toContain('POST')
  })

  it('may be of any site whose name fits, and reads an answer to itself alone', async () => {
    for (const origin of ['https://a.example.org', 'https://a.b.example.org', 'file://'])
      expect((await ask('GET', '/labels?offset=-1', origin)).header('Access-Control-Allow-Origin')).toBe(origin)
    for (const origin of [
      'https://example.org',
      'https://a.example.org.evil.example',
      'https://a.example.org:1',
      'null',
    ]) {
      const answer = await ask('GET', '/labels?offset=-1', origin)
      expect([answer.status, answer.header('Access-Control-Allow-Origin')]).toEqual([403, undefined])
    }
  })

  it('of any origin may read a room that is open to all', async () => {
    expect((await ask('GET', '/any?offset=-1', FOREIGN)).header('Access-Control-Allow-Origin')).toBe('*')
    expect((await ask('POST', '/any', FOREIGN)).status).toBe(204)
  })
})

describe('a page of any other origin', () => {
  it.each(['/own', '/listed'])('is refused at %s, whatever it asks, and may read nothing', async (path) => {
    const end = async () => (await ask('HEAD', path, undefined)).header('Stream-Next-Offset')
    const before = await end()
    for (const origin of [FOREIGN, 'null', 'http://app.example', 'https://app.example.evil.example']) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT']) {
        const answer = await ask(method, `${path}?offset=-1`, origin)
        expect([method, origin, answer.status]).toEqual([method, origin, 403])
        expect(answer.header('Access-Control-Allow-Origin')).toBe(undefined)
      }
      expect((await ask('GET', `${path}?offset=now&live=sse`, origin)).status).toBe(403)
    }
    expect(await end()).toBe(before)
  })
})

describe('a client without a foreign origin', () => {
  it('passes: a program, and a page of our own', async () => {
    for (const origin of [undefined, server.url]) {
      expect((await ask('POST', '/own', origin)).status).toBe(204)
      const answer = await ask('GET', '/own?offset=-1', origin)
      expect(answer.status).toBe(200)
      expect(answer.header('Access-Control-Allow-Origin')).toBe(undefined)
      expect(answer.header('Vary')).toContain('Origin')
    }
  })

  it('the client may be loaded by any page', async () => {
    const answer = await ask('GET', '/client.js', FOREIGN)
    expect(answer.status).toBe(200)
    expect(answer.header('Access-Control-Allow-Origin')).toBe('*')
    expect(answer.header('Cross-Origin-Resource-Policy')).toBe('cross-origin')
  })
})
