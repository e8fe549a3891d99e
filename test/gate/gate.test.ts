/**
 * The gate on plain data: callers made by hand, with no request, socket or server. Each check refuses by itself; a caller
 * that passes all of them has a place in the room, at once if nothing must be waited for.
 */
import { describe, expect, it, vi } from 'vitest'
import { Refusal } from '../../src/errors.ts'
import type { Caller, Handshake } from '../../src/gate/caller.ts'
import { hostGuard } from '../../src/gate/host.ts'
import type { Reservation } from '../../src/room/reservation.ts'
import { CALLER, gateFixture, HANDSHAKE, isAdmission } from '../support/gate-fixture.ts'
import { sign } from '../support/tokens.ts'

const fixture = await gateFixture()

/** What becomes of a caller that differs from the plain one: its refusal's status and code, or its admission. */
async function outcome(caller: Partial<Caller>, handshake?: Partial<Handshake>, by = fixture().gate()) {
  try {
    return await by.admit({ ...CALLER, ...caller }, handshake && { ...HANDSHAKE, ...handshake })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `${error.status} ${error.code}`
  }
}

describe('a caller that passes every check', () => {
  it('has a place in an open room at once', () => {
    const { gate, quotas } = fixture()
    expect(isAdmission(gate().admit(CALLER, HANDSHAKE))).toBe(true)
    expect(fixture()).toMatchObject({ asked: ['/open'], held: 1 })
    expect(quotas.peers).toBe(1)
  })

  it('needs no handshake unless it uses a WebSocket', async () => {
    expect(isAdmission(await outcome({ target: '/r/tea?name=ann&client=c1&offset=now' }))).toBe(true)
    expect(fixture().asked).toEqual(['/r/tea'])
  })

  it('has the name and client of its query', async () => {
    expect(await outcome({ target: '/r/%74ea/?name=ann&client=c1&offset=now' }, {})).toMatchObject({
      visitor: { name: 'ann', client: 'c1' },
      offset: 'now',
      route: { path: '/r/tea', params: { name: 'tea' } },
    })
  })

  it.each<[string, Partial<Caller>]>([
    ['its header', { authorization: 'bearer  TOKEN' }],
    ['a subprotocol', { protocols: ['corridor', 'bearer.TOKEN'] }],
    ['a cookie', { cookie: 'theme=dark; session=TOKEN' }],
  ])('is who the token in %s says', async (_, where) => {
    const now = fixture().clock.now()
    const token = await sign({ sub: 'ann', exp: now / 1000 + 60 })
    const brought = JSON.parse(JSON.stringify(where).replace('TOKEN', token))
    const caller = { ...brought, target: '/token?name=bob' }
    expect(await outcome(caller)).toMatchObject({ visitor: { id: 'ann', name: 'ann', untilMs: now + 60_000 } })
  })

  it('waits for a room that opens', async () => {
    const opening = Promise.withResolvers<Reservation>()
    fixture().place = () => opening.promise
    const admission = fixture().gate().admit(CALLER)
    expect(admission).toBeInstanceOf(Promise)
    opening.resolve({ room: {}, release() {} } as unknown as Reservation)
    expect(isAdmission(await admission)).toBe(true)
  })
})

describe('a handshake', () => {
  it.each<[string, Partial<Handshake>]>([
    ['400 bad_handshake', { method: 'POST' }],
    ['400 bad_handshake', { httpVersion: '1.0' }],
    ['400 bad_handshake', { hasBody: true }],
    ['426 bad_version', { version: '8' }],
    ['426 bad_version', { version: undefined }],
    ['400 bad_handshake', { key: undefined }],
    ['400 bad_handshake', { key: 'dGhlIHNhbXBsZSBub25jZR==' }],
  ])('is refused with %s for %j', async (refusal, handshake) => {
    expect(await outcome({}, handshake)).toBe(refusal)
  })
})

describe('a caller is refused', () => {
  it.each<[string, Partial<Caller>]>([
    ['400 bad_host', { host: undefined }],
    ['400 bad_host', { host: 'a host' }],
    ['421 foreign_host', { isRebound: true }],
    ['400 bad_target', { target: undefined }],
    ['400 bad_target', { target: 'http://rooms.example.org/open' }],
    ['400 bad_target', { target: '/open/../open' }],
    ['400 bad_target', { target: '/r/a%2fb' }],
    ['404 no_such_room', { target: '/elsewhere' }],
    ['404 no_such_room', { target: '/metrics' }],
    ['403 foreign_origin', { origin: 'https://evil.example' }],
    ['403 foreign_origin', { origin: 'http://rooms.example.org', isSecure: true }],
    ['403 foreign_origin', { origin: 'https://rooms.example.org', askedHost: 'inside:3000' }],
    ['403 foreign_origin', { target: '/listed', origin: 'https://evil.app.example' }],
    ['400 unknown_protocol', { target: '/protocols', protocols: ['v3.chat'] }],
    ['400 bad_name', { target: '/open?name=%20' }],
    ['400 bad_name', { target: '/open?name=a&name=b' }],
    ['400 bad_client', { target: '/open?client=two words' }],
    ['400 bad_offset', { target: '/open?offset=here' }],
    ['401 no_token', { target: '/token' }],
    ['401 bad_token', { target: '/token', authorization: 'Bearer nonsense' }],
    ['401 bad_token', { target: '/token', cookie: 'session=nonsense' }],
    ['403 forbidden', { target: '/picky?knock=no' }],
    ['403 forbidden', { target: '/picky?knock=false' }],
  ])('with %s: %j', async (refusal, caller) => {
    expect(await outcome(caller, {})).toBe(refusal)
    // A refused caller leaves no count.
    expect(fixture().held).toBe(0)
    expect(fixture().quotas.peers).toBe(0)
  })

  it.each<Partial<Caller>>([
    { origin: 'http://rooms.example.org' },
    { origin: 'https://rooms.example.org', isSecure: true },
    { origin: 'https://outside.example', askedHost: 'outside.example', host: 'inside:3000' },
    { target: '/listed', origin: 'https://app.example' },
    { target: '/protocols', protocols: ['v3.chat', 'v1.chat'] },
    { target: '/protocols', protocols: ['bearer.token'] },
  ])('and not for %j', async (caller) => {
    expect(isAdmission(await outcome(caller, {}))).toBe(true)
  })

  it('with 503 by a server that drains', async () => {
    const by = fixture().gate({ isDraining: () => true })
    expect(await outcome({}, { method: 'POST' }, by)).toBe('503 draining')
  })

  it('with 421 under a name that is not listed', async () => {
    const by = fixture().gate({ mustKnowHost: hostGuard(['*.example.org']) })
    expect(await outcome({ askedHost: 'evil.example' }, {}, by)).toBe('421 foreign_host')
    expect(isAdmission(await outcome({}, {}, by))).toBe(true)
  })

  it('with 404 outside of the base path', async () => {
    const by = fixture().gate({ basePath: '/rt' })
    expect(await outcome({}, {}, by)).toBe('404 no_such_room')
    expect(isAdmission(await outcome({ target: '/rt/open' }, {}, by))).toBe(true)
  })

  it('with 503 by a room that does not decide in time', async () => {
    const waiting = outcome({ target: '/picky?knock=slowly' })
    const { clock, errors } = fixture()
    await clock.advance(0)
    await clock.advance(10_000)
    expect(await waiting).toBe('503 unavailable')
    expect(errors).toEqual([expect.stringContaining('admit')])
  })
})

describe('a count', () => {
  it('of peers from one address holds until they leave', async () => {
    const by = fixture().gate()
    const first = await outcome({}, {}, by)
    await outcome({}, {}, by)
    expect(await outcome({}, {}, by)).toBe('429 too_many')
    expect(isAdmission(await outcome({ address: '192.0.2.2' }, {}, by))).toBe(true)
    if (isAdmission(first)) first.leave()
    expect(isAdmission(await outcome({}, {}, by))).toBe(true)
  })

  it('of one IPv6 customer holds for all its addresses', async () => {
    const by = fixture().gate()
    await outcome({ address: '2001:db8::1' }, {}, by)
    await outcome({ address: '2001:db8::2' }, {}, by)
    expect(await outcome({ address: '2001:db8::3' }, {}, by)).toBe('429 too_many')
    expect(isAdmission(await outcome({ address: '2001:db8:0:1::1' }, {}, by))).toBe(true)
  })

  it('of all peers holds for everyone', async () => {
    const by = fixture().gate()
    for (let i = 0; i < 6; i += 1) await outcome({ address: `192.0.2.${i}` }, {}, by)
    expect(await outcome({ address: '192.0.2.99' }, {}, by)).toBe('503 server_full')
  })

  it('of handshakes holds for an address, also if its tokens are wrong', async () => {
    const by = fixture().gate()
    const guess = { target: '/token', authorization: 'Bearer nonsense' }
    // Each wrong token counts twice.
    for (let i = 0; i < 10; i += 1) expect(await outcome(guess, {}, by)).toBe('401 bad_token')
    expect(await outcome(guess, {}, by)).toBe('429 too_many')
    expect(await outcome({ ...guess, address: '192.0.2.2' }, {}, by)).toBe('401 bad_token')
    await fixture().clock.advance(1000)
    expect(isAdmission(await outcome({}, {}, by))).toBe(true)
  })

  it('is given back if the room does not open', async () => {
    fixture().place = () => Promise.reject(new Refusal(503, 'room_failed', 'this room does not open now'))
    expect(await outcome({})).toBe('503 room_failed')
    expect(fixture().quotas.peers).toBe(0)
  })

  it.each(['read', 'subscribe', 'post'] as const)(
    'is given back if a request to %s meets a raw room',
    async (purpose) => {
      const release = vi.fn()
      fixture().place = () => ({ room: { kind: 'raw' }, release }) as unknown as Reservation
      const by = fixture().gate()
      const admitted = by.admitRequest(CALLER, by.route({ path: '/open' }), purpose)
      await expect(admitted).rejects.toMatchObject({ status: 405, code: 'raw_room' })
      expect(release).toHaveBeenCalledOnce()
      expect(fixture().quotas.peers).toBe(0)
    },
  )
})
