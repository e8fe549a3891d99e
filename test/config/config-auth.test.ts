/** `auth` in `rooms.json`: which keys and algorithms may stand there, and that an error message never contains a secret. */
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder, rawRooms } from '../support/rooms-folder.ts'
import { keyPair } from '../support/tokens.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('auth', () => {
  it('is taken as written, also from `defaults`', async () => {
    const auth = { secret: 'a secret of some length, never shown' }
    const { mounts } = await folder.load({ defaults: { auth }, ...rawRooms('/a') })
    expect(mounts[0]?.auth).toEqual({ ...auth, required: true })
    const publicKey = (await keyPair()).pem
    const more = { publicKey, algorithms: ['RS256'], issuer: 'i', audience: 'a', required: false, cookie: 'c' }
    expect((await folder.load({ rooms: { '/a': { module: 'raw', auth: more } } })).mounts[0]?.auth).toEqual(more)
  })

  it('never lets a key be used for what it is not: algorithms fit the kind of key, and "none" is none', async () => {
    const publicKey = (await keyPair()).pem
    const mistakes = (auth: object) => folder.mistakes({ rooms: { '/a': { module: 'raw', auth } } })
    const fit = 'rooms./a.auth.algorithms: expected HS256, HS384 or HS512 with a secret, and only others with a key'
    for (const auth of [
      { secret: 'x', algorithms: ['HS256', 'RS256'] },
      { publicKey, algorithms: ['HS256'] },
      { jwksUrl: 'https://issuer.example/keys', algorithms: ['RS256', 'HS512'] },
    ])
      expect((await mistakes(auth)).map((mistake) => mistake.replace(/, got .*/, ''))).toEqual([fit])
    for (const name of ['none', 'hs256', 'RSA']) {
      const [mistake, ...more] = await mistakes({ secret: 'x', algorithms: [name] })
      expect([mistake?.replace(/HS256.*Ed25519/, '…'), more]).toEqual([
        'rooms./a.auth.algorithms.0: expected one of …, got a text',
        [],
      ])
    }
    for (const bad of ['hunter2', `${publicKey.slice(0, 60)}…`, ` ${publicKey}`])
      expect(await mistakes({ publicKey: bad })).toEqual([
        'rooms./a.auth.publicKey: expected a public key in PEM: "-----BEGIN PUBLIC KEY-----…", got a text',
      ])
  })

  it('names exactly one kind of key, and its values are never shown', async () => {
    const mistakes = await folder.mistakes({
      defaults: { auth: { secret: 'hunter2'.repeat(5) } },
      rooms: {
        '/a': { module: 'raw', auth: { publicKey: (await keyPair()).pem } },
        '/b': { module: 'raw', auth: { jwksUrl: 'hunter4' } },
        '/c': { module: 'raw', auth: { jwksUrl: 'https://hunter5:hunter6@issuer.example/keys' } },
      },
    })
    expect(mistakes).toContain('rooms./a.auth: expected exactly one of secret, publicKey and jwksUrl, got an object')
    expect(mistakes).toContain('rooms./b.auth.jwksUrl: expected the http(s) URL of a key set, got a text')
    expect(mistakes).toContain(
      'rooms./c.auth.jwksUrl: expected the URL of a key set without a name and password in it, got a text',
    )
    expect(mistakes.join()).not.toContain('hunter')
  })

  it('needs a secret as long as the hash of its algorithm', async () => {
    const mistakes = (auth: object) => folder.mistakes({ rooms: { '/a': { module: 'raw', auth } } })
    for (const [secret, algorithms, expected] of [
      ['x', undefined, 'at least 32 bytes for HS256 (RFC 7518, 3.2), got 1;'],
      ['x'.repeat(31), ['HS256'], 'at least 32 bytes for HS256 (RFC 7518, 3.2), got 31;'],
      ['é'.repeat(23), ['HS256', 'HS384'], 'at least 48 bytes for HS384 (RFC 7518, 3.2), got 46;'],
      ['x'.repeat(63), ['HS512'], 'at least 64 bytes for HS512 (RFC 7518, 3.2), got 63;'],
    ] as const) {
      const [mistake, ...more] = await mistakes({ secret, algorithms })
      expect([mistake, more]).toEqual([expect.stringContaining(`rooms./a.auth.secret: expected ${expected}`), []])
    }
    for (const auth of [{ secret: 'é'.repeat(16) }, { secret: 'x'.repeat(64), algorithms: ['HS512', 'HS256'] }])
      expect((await folder.load({ rooms: { '/a': { module: 'raw', auth } } })).mounts).toHaveLength(1)
  })

  it('takes the algorithms of its key, and refuses those that the key cannot have', async () => {
    const pem = async (alg: string) => (await keyPair(alg)).pem
    const load = (auth: object) => folder.load({ rooms: { '/a': { module: 'raw', auth } } })
    const [rsa, p384, ed] = [await pem('RS256'), await pem('ES384'), await pem('EdDSA')]
    for (const [publicKey, algorithms] of [
      [rsa, undefined],
      [rsa, ['PS512', 'RS384']],
      [p384, undefined],
      [p384, ['ES384']],
      [ed, ['EdDSA', 'Ed25519']],
    ])
      expect((await load({ publicKey, algorithms })).mounts).toHaveLength(1)
    const mistakes = (publicKey: string, algorithms?: string[]) =>
      folder.mistakes({ rooms: { '/a': { module: 'raw', auth: { publicKey, algorithms } } } })
    expect(await mistakes(rsa, ['RS256', 'ES256'])).toEqual([
      'rooms./a.auth.algorithms: expected algorithms of this publicKey (RS256, RS384, RS512, PS256, PS384, PS512), not ES256, got a list of 2',
    ])
    expect(await mistakes(p384, ['ES256'])).toEqual([expect.stringContaining('of this publicKey (ES384), not ES256')])
    expect(await mistakes(ed, ['RS256'])).toEqual([expect.stringContaining('of this publicKey (EdDSA, Ed25519)')])
    const spki = { type: 'spki', format: 'pem' } as const
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(spki)
    const bitcoin = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export(spki)
    for (const publicKey of [small, bitcoin])
      expect(await mistakes(String(publicKey))).toEqual([
        'rooms./a.auth.publicKey: expected an RSA key of 2048 bits or more, or one of the curves P-256, P-384, P-521 and Ed25519, got a text',
      ])
  })

  it.each([
    [{ jwksUrl: 'https:/issuer.example/keys' }, 'jwksUrl: expected the http(s) URL of a key set'],
    [{ jwksUrl: 'https:///issuer.example/keys' }, 'jwksUrl: expected the http(s) URL of a key set'],
    [{ jwksUrl: 'file:///keys.json' }, 'jwksUrl: expected the http(s) URL of a key set'],
    [{ cookie: 'my token' }, 'cookie: expected the name of a cookie'],
    [{ cookie: 'token=' }, 'cookie: expected the name of a cookie'],
    [{ cookie: 'a;b' }, 'cookie: expected the name of a cookie'],
    [{}, 'expected exactly one of secret, publicKey and jwksUrl'],
  ])('%j is refused with a reason', async (part, message) => {
    const auth = 'cookie' in part ? { secret: 'x'.repeat(32), ...part } : part
    const mistakes = await folder.mistakes({ rooms: { '/a': { module: 'raw', auth } } })
    expect(mistakes.length).toBeGreaterThan(0)
    for (const mistake of mistakes) expect(mistake).toContain(message)
  })
})
