/**
 * Keys of an issuer from its URL (catalogue: AU4): a real key server on loopback counts its requests. Clients cannot
 * trigger requests at will, its absence gives 503, and no issuer's keys open another's room.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK } from 'jose'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import { tell, tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { bearer, inSeconds, type Keys, keyPair, sign } from '../support/tokens.ts'

const MINUTE_MS = 60_000

let server: TestServer
let issuers: Issuer[] = []
let [one, two]: Keys[] = []

beforeAll(async () => {
  ;[one, two] = [await keyPair(), await keyPair()]
})

afterEach(async () => {
  await server.close()
  for (const issuer of issuers) await issuer.stop()
  issuers = []
})

/** A key server. `down`: it answers 500. */
class Issuer {
  keys: object[] = []
  asked = 0
  isDown = false
  answer: (() => string) | undefined
  readonly #server = createServer((_, response) => {
    this.asked += 1
    response.statusCode = this.isDown ? 500 : 200
    response.setHeader('Content-Type', 'application/json')
    response.end(this.answer?.() ?? JSON.stringify({ keys: this.keys }))
  })

  static async open(...keys: [kid: string, key: Keys | undefined][]): Promise<Issuer> {
    const issuer = new Issuer()
    issuers.push(issuer)
    for (const [kid, key] of keys) await issuer.add(kid, key?.publicKey as CryptoKey)
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve))
    return issuer
  }

  async add(kid: string, key: CryptoKey): Promise<void> {
    this.keys.push({ ...(await exportJWK(key)), kid })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`
  }

  stop(): Promise<unknown> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(resolve))
  }
}

const clock = handClock()
const at = (seconds: number) => Math.floor(clock.now() / 1000) + seconds

async function start(rooms: Record<string, string>): Promise<void> {
  const lines = Object.entries(rooms).map(([path, jwksUrl]) => [path, { definition: notes, auth: { jwksUrl } }])
  server = await startServer({ rooms: Object.fromEntries(lines), clock })
}

const token = (kid: string | undefined, key: Keys | undefined, claims = {}) =>
  sign({ exp: at(100_000), ...claims }, { alg: 'RS256', ...(kid && { kid }) }, key?.privateKey)

async function knock(path: string, text: string | Promise<string>): Promise<number | string> {
  const answer = await fetch(`${server.url}${path}?offset=-1`, { headers: bearer(await text) })
  if (answer.status !== 503) return answer.status
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  return ((await answer.json()) as { error: string }).error
}

describe('the keys of an issuer', () => {
  it('are asked for when the first token comes, once for many at a time, and kept', async () => {
    const issuer = await Issuer.open(['a', one])
    await start({ '/notes': issuer.url })
    expect(issuer.asked).toBe(0)
    const all = await Promise.all(Array.from({ length: 50 }, () => knock('/notes', token('a', one))))
    expect(new Set(all)).toEqual(new Set([200]))
    expect(await knock('/notes', token(undefined, one))).toBe(200)
    expect(await knock('/notes', token('a', two))).toBe(401)
    expect(issuer.asked).toBe(1)
  })

  it('are asked for at most once a minute by tokens of unknown keys, however many come', async () => {
    const issuer = await Issuer.open(['a', one])
    await start({ '/notes': issuer.url })
    expect(await knock('/notes', token('a', one))).toBe(200)
    const minutes = 3
    for (let minute = 1; minute <= minutes; minute += 1) {
      await clock.advance(MINUTE_MS)
      const flood = Array.from({ length: 100 }, (_, index) => knock('/notes', token(`${minute} ${index}`, two)))
      expect(new Set(await Promise.all(flood))).toEqual(new Set([401]))
      expect(issuer.asked).toBe(1 + minute)
    }
    tell('AU4', 'requests for keys a minute, under 100 unknown ones', (issuer.asked - 1) / minutes)
  })

  it('may change: a new one is found within a minute, one that is gone does not open after ten', async () => {
    const issuer = await Issuer.open(['a', one])
    await start({ '/notes': issuer.url })
    expect(await knock('/notes', token('a', one))).toBe(200)
    issuer.keys = []
    await issuer.add('b', two?.publicKey as CryptoKey)
    expect(await knock('/notes', token('b', two))).toBe(401)
    await clock.advance(MINUTE_MS)
    expect(await knock('/notes', token('b', two))).toBe(200)
    expect(await knock('/notes', token('a', one))).toBe(401)

    issuer.keys = []
    await clock.advance(11 * MINUTE_MS)
    // The old ones serve once more, while the new ones are on their way.
    await knock('/notes', token('b', two))
    await expect.poll(() => knock('/notes', token('b', two))).toBe(401)
  })

  it('that cannot be had are no fault of the token: 503, and the key server is not stormed', async () => {
    const issuer = await Issuer.open(['a', one])
    issuer.isDown = true
    await start({ '/notes': issuer.url })
    const flood = await Promise.all(Array.from({ length: 50 }, () => knock('/notes', token('a', one))))
    expect(new Set(flood)).toEqual(new Set(['keys_unavailable']))
    expect(issuer.asked).toBe(1)
    expect(server.logs.filter(({ msg }) => /keys/.test(msg))).toMatchObject([
      {
        room: '/notes',
        reason: 'expected status 200, got 500',
        msg: 'the keys for tokens could not be fetched; check auth.jwksUrl of this room',
      },
    ])
    issuer.isDown = false
    expect(await knock('/notes', token('a', one))).toBe('keys_unavailable')
    await clock.advance(5000)
    expect(await knock('/notes', token('a', one))).toBe(200)
  })

  it('are not read if the answer is longer than keys can be', async () => {
    const issuer = await Issuer.open(['a', one])
    issuer.answer = () => JSON.stringify({ keys: issuer.keys, more: 'x'.repeat(1024 * 1024) })
    await start({ '/notes': issuer.url })
    expect(await knock('/notes', token('a', one))).toBe('keys_unavailable')
    expect(server.logs.at(-2)).toMatchObject({ reason: 'expected at most 1048576 bytes, got more' })
  })

  it.each(['no JSON', '{}', '{"keys":1}'])('are not taken from %s', async (text) => {
    const issuer = await Issuer.open(['a', one])
    issuer.answer = () => text
    await start({ '/notes': issuer.url })
    expect(await knock('/notes', token('a', one))).toBe('keys_unavailable')
    const reason = 'expected a JSON Web Key Set (RFC 7517), got something else'
    expect(server.logs).toContainEqual(expect.objectContaining({ room: '/notes', reason }))
  })

  it('serve on for an hour while the key server is away, and no longer', async () => {
    const issuer = await Issuer.open(['a', one])
    await start({ '/notes': issuer.url })
    expect(await knock('/notes', token('a', one))).toBe(200)
    issuer.isDown = true
    await clock.advance(55 * MINUTE_MS)
    expect(await knock('/notes', token('a', one))).toBe(200)
    await clock.advance(6 * MINUTE_MS)
    expect(await knock('/notes', token('a', one))).toBe('keys_unavailable')
  })

  it.each([
    ['is no JSON', () => 'not json'],
    ['is no key set', () => '{"keys":{}}'],
    ['is empty', () => '{"keys":[]}'],
    [
      'holds a shared secret',
      () => '{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","kid":"a"}]}',
    ],
  ])('open nothing where what the server says %s', async (_, answer) => {
    const issuer = await Issuer.open()
    issuer.answer = answer
    await start({ '/notes': issuer.url })
    expect([401, 'keys_unavailable']).toContain(await knock('/notes', token('a', one)))
    const shared = sign({ exp: inSeconds(60) }, { alg: 'HS256', kid: 'a' }, 'secretsecretsecretsecretsecret')
    expect(await knock('/notes', shared)).toBe(401)
  })
})

describe('two issuers', () => {
  tellWrong('AU4', 'trust across issuers')
  it('that call their keys the same are not each other: neither opens the other’s room', async () => {
    const [first, second] = [await Issuer.open(['a', one]), await Issuer.open(['a', two])]
    await start({ '/first': first.url, '/second': second.url })
    expect(await knock('/first', token('a', one))).toBe(200)
    expect(await knock('/second', token('a', two))).toBe(200)
    expect(await knock('/first', token('a', two))).toBe(401)
    expect(await knock('/second', token('a', one))).toBe(401)
  })

  it('are never fetched because of what a token contains', async () => {
    const [first, lure] = [await Issuer.open(['a', one]), await Issuer.open(['x', two])]
    await start({ '/first': first.url })
    const forged = sign(
      { exp: at(1000), iss: lure.url, aud: lure.url, jku: lure.url },
      { alg: 'RS256', kid: 'x', jku: lure.url, x5u: lure.url },
      two?.privateKey,
    )
    expect(await knock('/first', forged)).toBe(401)
    tell('AU4', 'requests that a token asked for', lure.asked)
    expect(lure.asked).toBe(0)
  })
})
