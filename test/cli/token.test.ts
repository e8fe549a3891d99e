/** `npm run token`: the token it prints opens the room it was made for, and invalid arguments are refused with a reason. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { token } from '../../src/cli/token.ts'
import { RoomsFolder } from '../support/rooms-folder.ts'
import { startServer } from '../support/server.ts'
import { keyPair, SECRET } from '../support/tokens.ts'

let folder: RoomsFolder
beforeEach(async () => {
  folder = new RoomsFolder()
  const rooms = {
    '/event': { module: 'event', auth: { secret: SECRET, issuer: 'https://issuer.example', audience: 'corridor' } },
    '/r/:name': { module: 'event', auth: { secret: SECRET.repeat(2), algorithms: ['HS512', 'HS256'] } },
    '/key': { module: 'event', auth: { publicKey: (await keyPair()).pem } },
    '/set': { module: 'event', auth: { jwksUrl: 'https://issuer.example/keys' } },
    '/open': { module: 'event' },
  }
  folder.put('rooms.json', JSON.stringify({ rooms }))
})
afterEach(() => folder.remove())

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const to = (stream: 'out' | 'err') => ({
    write(text: string) {
      said[stream] += text
    },
  })
  const place = { env: { ROOMS: 'rooms.json' }, cwd: folder.path }
  const code = await token(args, { stdout: to('out'), stderr: to('err') }, place)
  return { code, ...said }
}

describe('corridor token', () => {
  it('prints a token as the issuer of the room would make it, and nothing else', async () => {
    const { code, out, err } = await run(
      '/event',
      '--sub',
      'ann',
      '--name',
      'Ann',
      '--for',
      '2h',
      '--claim',
      'role=admin',
      '--claim',
      'rooms=["a"]',
    )
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const { iat = 0, exp, ...claims } = decodeJwt(out.trim())
    expect(claims).toEqual({
      sub: 'ann',
      name: 'Ann',
      role: 'admin',
      rooms: ['a'],
      iss: 'https://issuer.example',
      aud: 'corridor',
    })
    expect(exp).toBe(iat + 7200)
    expect(decodeProtectedHeader(out.trim()).alg).toBe('HS256')
  })

  it('makes one that opens the room', async () => {
    const auth = { secret: SECRET.repeat(2), algorithms: ['HS512'] }
    const server = await startServer({ rooms: { '/r/:name': { module: 'chat', auth } } })
    const { out } = await run('/r/tea', '--sub', 'ann', '--name', 'Ann')
    const peer = await server.connect('/r/tea', {}, { headers: { Authorization: `Bearer ${out.trim()}` } })
    expect(await peer.next('welcome')).toMatchObject({ data: { you: { id: 'ann', name: 'Ann' } } })
    await server.close()
  })

  it.each([
    [['/key'], /^token: \/key has "auth.publicKey": only its issuer/],
    [['/set'], /^token: \/set has "auth.jwksUrl": only its issuer/],
    [['/open'], /^token: \/open has no "auth" in rooms.json/],
    [['/nowhere'], /^token: no room is at \/nowhere; there are \/event, /],
    [[], /^token: expected a path and claims/],
    [['/event', '/open'], /^token: expected a path/],
    [['/event', '--for', 'ever'], /^token: --for: expected a duration of a second or more, such as "1h", got "ever"/],
    [['/event', '--for', '0s'], /^token: --for/],
    [['/event', '--claim', 'admin'], /^token: --claim: expected name=value, got "admin"/],
    [['/event', '--who', 'ann'], /^token: Unknown option '--who'/],
  ])('refuses %j and says why', async (args, expected) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(expected)
    expect(err).not.toContain(SECRET)
  })
})
