/** `auth` in `rooms.json`: which keys and algorithms may stand there, and that a mistake never tells a secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder, rawRooms } from './support/rooms-folder.ts'
import { keyPair } from './support/tokens.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('auth', () => {
  it('is taken as written, also where it stands in `defaults`', async () => {
    const auth = { secret: 'a secret of some length, never told' }
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
      expect((await mistakes(auth)).map((told) => told.replace(/, got .*/, ''))).toEqual([fit])
    for (const name of ['none', 'hs256', 'RSA']) {
      const [told, ...more] = await mistakes({ secret: 'x', algorithms: [name] })
      expect([told?.replace(/HS256.*Ed25519/, '…'), more]).toEqual([
        'rooms./a.auth.algorithms.0: expected one of …, got a text',
        [],
      ])
    }
    for (const bad of ['hunter2', `${publicKey.slice(0, 60)}…`, ` ${publicKey}`])
      expect(await mistakes({ publicKey: bad })).toEqual([
        'rooms./a.auth.publicKey: expected a public key in PEM: "-----BEGIN PUBLIC KEY-----…", got a text',
      ])
  })

  it('names exactly one kind of key, and its values are never told', async () => {
    const told = await folder.mistakes({
      defaults: { auth: { secret: 'hunter2' } },
      rooms: {
        '/a': { module: 'raw', auth: { publicKey: (await keyPair()).pem } },
        '/b': { module: 'raw', auth: { jwksUrl: 'hunter4' } },
        '/c': { module: 'raw', auth: { jwksUrl: 'https://hunter5:hunter6@issuer.example/keys' } },
      },
    })
    expect(told).toContain('rooms./a.auth: expected exactly one of secret, publicKey and jwksUrl, got an object')
    expect(told).toContain('rooms./b.auth.jwksUrl: expected the http(s) URL of a key set, got a text')
    expect(told).toContain(
      'rooms./c.auth.jwksUrl: expected the URL of a key set without a name and password in it, got a text',
    )
    expect(told.join()).not.toContain('hunter')
  })
})
