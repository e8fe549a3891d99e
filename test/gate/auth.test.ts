/**
 * Which tokens open a room (catalogue: AU3). Each is tried as an upgrade and as a request; a refused client gets 401
 * before any 101, and no part of the token back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { tally } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { bearer, inSeconds, type Keys, keyPair, SECRET, sign } from '../support/tokens.ts'

let server: TestServer
let issuer: Keys
let elliptic: Keys

beforeAll(async () => {
  issuer = await keyPair()
  elliptic = await keyPair('ES256')
  const room = (auth: Record<string, unknown>) => ({ definition: notes, auth })
  server = await startServer({
    rooms: {
      '/secret': room({ secret: SECRET }),
      '/strict': room({ secret: SECRET, issuer: 'https://issuer.example', audience: 'corridor' }),
      '/key': room({ publicKey: issuer.pem }),
      '/elliptic': room({ publicKey: elliptic.pem, algorithms: ['ES256'] }),
    },
  })
})

afterAll(() => server.close())

/** The statuses of an upgrade and of a read with a token. */
async function knock(
  path: string,
  token: string,
): Promise<{ upgrade: number; read: number; error: string | undefined }> {
  const headers = bearer(token)
  const answer = await fetch(`${server.url}${path}?offset=-1`, { headers })
  const { error } = answer.ok ? { error: undefined } : ((await answer.json()) as { error?: string })
  const upgrade = await new Promise<number>((resolve, reject) => {
    const socket = new WebSocket(server.ws + path, { headers })
    socket.on('error', reject)
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
    socket.on('open', () => {
      socket.close()
      resolve(101)
    })
  })
  return { upgrade, read: answer.status, error }
}

const IN = { upgrade: 101, read: 200, error: undefined }
const OUT = { upgrade: 401, read: 401, error: 'bad_token' }
const OVER = { ...OUT, error: 'token_expired' }
const refusal = tally('AU3', 'accepted wrongly, by upgrade or by HTTP')
/** A token that must not open the room. */
const out = (path: string, token: string | Promise<string>, why = OUT) =>
  refusal(async () => expect([await token, await knock(path, await token)]).toEqual([await token, why]))
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token', () => {
  it('of the issuer opens the room, in the algorithm the room says', async () => {
    expect(await knock('/secret', await sign({ sub: 'ann' }))).toEqual(IN)
    expect(await knock('/key', await sign({ sub: 'ann' }, { alg: 'RS256' }, issuer.privateKey))).toEqual(IN)
    expect(await knock('/elliptic', await sign({}, { alg: 'ES256' }, elliptic.privateKey))).toEqual(IN)
    expect(await knock('/secret', await sign({ exp: undefined }))).toEqual(IN)
  })

  it('that is not signed, or by somebody else, does not', async () => {
    const [head = '', body = '', signature = ''] = (await sign({ sub: 'ann' })).split('.')
    const foreign = await keyPair()
    const tokens = [
      `${part({ alg: 'none' })}.${body}.`,
      `${part({ alg: 'None' })}.${body}.${signature}`,
      `${part({ alg: 'none', typ: 'JWT' })}.${body}`,
      `${head}.${part({ sub: 'root', exp: inSeconds(60) })}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}.${signature.slice(0, -2)}`,
      await sign({ sub: 'ann' }, {}, 'another secret of more than 32 bytes, of somebody'),
      await sign({ sub: 'ann' }, { alg: 'HS512' }),
      await sign({ sub: 'ann' }, { alg: 'RS256' }, foreign.privateKey),
      'not.a.token',
      '..',
      '{}',
    ]
    for (const token of tokens) await out('/secret', token)
    await out('/key', await sign({}, { alg: 'RS256' }, foreign.privateKey))
  })

  it('that takes the public key for a shared secret does not, however the PEM is padded', async () => {
    const { pem } = issuer
    for (const secret of [
      pem,
      pem.trim(),
      `${pem}\n`,
      `\n${pem}`,
      ` ${pem}`,
      pem.replaceAll('\n', '\r\n'),
      `${pem}\0`,
    ]) {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        await out('/key', await sign({ sub: 'ann' }, { alg }, secret))
      }
    }
  })

  it('of another algorithm than the room’s, or than the key’s, does not', async () => {
    await out('/key', await sign({}, { alg: 'PS384' }, (await keyPair('PS384')).privateKey))
    await out('/key', await sign({}, { alg: 'ES256' }, elliptic.privateKey))
    await out('/elliptic', await sign({}, { alg: 'RS256' }, issuer.privateKey))
  })

  it('that brings its own key, or what nobody understands, does not', async () => {
    const { n, e, kty } = await crypto.subtle.exportKey('jwk', issuer.publicKey)
    const foreign = await keyPair()
    const jwk = await crypto.subtle.exportKey('jwk', foreign.publicKey)
    for (const head of [
      { jwk },
      { jku: 'http://127.0.0.1:1/keys' },
      { x5u: 'http://127.0.0.1:1/' },
      { kid: '../../key' },
    ]) {
      await out('/key', await sign({}, { alg: 'RS256', ...head }, foreign.privateKey))
    }
    expect(await knock('/key', await sign({}, { alg: 'RS256', jwk: { n, e, kty } }, issuer.privateKey))).toEqual(IN)
    await out('/secret', await sign({}, { crit: ['pact'], pact: 1 }))
    await out('/secret', await sign({}, { crit: ['b64'], b64: false }).catch(() => 'a.b.c'))
  })

  it('is good from nbf to exp, give or take 5 s', async () => {
    expect(await knock('/secret', await sign({ nbf: inSeconds(4) }))).toEqual(IN)
    await out('/secret', await sign({ nbf: inSeconds(8) }))
    expect(await knock('/secret', await sign({ exp: inSeconds(-3) }))).toEqual(IN)
    await out('/secret', await sign({ exp: inSeconds(-6) }), OVER)
    for (const wrong of ['2099', null, {}, Number.MAX_VALUE]) {
      const token = await signAnything({ exp: wrong })
      expect([wrong, (await knock('/secret', token)).upgrade]).toEqual([wrong, wrong === Number.MAX_VALUE ? 101 : 401])
    }
  })

  it('must be from the issuer and for the audience the room names', async () => {
    const good = { iss: 'https://issuer.example', aud: 'corridor' }
    expect(await knock('/strict', await sign(good))).toEqual(IN)
    expect(await knock('/strict', await sign({ ...good, aud: ['other', 'corridor'] }))).toEqual(IN)
    const wrong = [
      { iss: good.iss },
      { aud: good.aud },
      { ...good, iss: 'https://issuer.example/' },
      { ...good, iss: 'https://issuer.example.evil.example' },
      { ...good, aud: 'Corridor' },
      { ...good, aud: [] },
      { ...good, aud: 'client-of-a-login-page' },
    ]
    for (const claims of wrong) await out('/strict', await sign(claims))
  })

  it('whose subject cannot be an id does not open it', async () => {
    for (const sub of [5, '', 'a\nb', 'a\u2028b', 'a'.repeat(256), { id: 'ann' }, null, '\ud800']) {
      await out('/secret', await signAnything({ sub }))
    }
  })

  it('of 64 KiB is not even looked at', async () => {
    const long = await sign({ pad: 'x'.repeat(9000) })
    await out('/secret', long)
    const client = new RawClient(server.port)
    const huge = [['Authorization', `Bearer ${'x'.repeat(65_536)}`]] as const
    await client.write(request('GET /secret', [...handshake(), ...huge])).catch(() => {})
    expect((await client.answer()).status).toBe(431)
    client.reset()
  })
})

/** Signs claims that a proper issuer would not. */
async function signAnything(claims: Record<string, unknown>): Promise<string> {
  const { createHmac } = await import('node:crypto')
  const text = `${part({ alg: 'HS256' })}.${part({ exp: inSeconds(60), ...claims })}`
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`
}
