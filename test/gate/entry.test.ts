/**
 * Admission: origins, limits, subprotocols, and what the query sets for a peer. Everything is decided before the
 * upgrade, and a refused client leaves nothing behind.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { type Client, refused } from '../support/client.ts'
import { tally, tellWrong } from '../support/figures.ts'
import { handshake, RawClient, request } from '../support/raw.ts'
import { type Setup, startServer, type TestServer } from '../support/server.ts'

let server: TestServer

afterEach(() => server.close())

const start = async (rooms: Setup['rooms'], limits?: Record<string, unknown>) => {
  const env = { ALLOWED_HOSTS: 'corridor.example' }
  server = await startServer({ ...(rooms && { rooms }), ...(limits && { server: { limits } }), env })
}

describe('an origin', () => {
  const one = tally('AU1', 'foreign origins let in, by upgrade')
  const status = async (path: string, ...origins: string[]) => {
    const client = new RawClient(server.port)
    const host = `Corridor.example:${server.port}`
    const headers = origins.map((origin) => ['Origin', origin.replace('PORT', String(server.port))] as const)
    await client.write(request(`GET ${path}`, [...handshake({ Host: host }), ...headers]))
    const { status } = await client.answer()
    client.reset()
    return status
  }

  it('must be the host itself, to the letter, unless the room lists others', async () => {
    await start({ '/same': {}, '/listed': { origins: ['https://a.example'] }, '/any': { origins: '*' } })

    expect(await status('/same')).toBe(101)
    // Some programs write the URL they connect to, or a slash behind it.
    for (const origin of [
      'http://corridor.example:PORT',
      'http://CORRIDOR.example:PORT',
      'ws://corridor.example:PORT',
      'ws://corridor.example:PORT/',
      'http://corridor.example:PORT/',
    ]) {
      expect(await status('/same', origin)).toBe(101)
    }
    for (const origin of [
      'null',
      '',
      'http://corridor.example',
      'http://corridor.example:1',
      'http://corridor.example:PORT.evil.example',
      'http://evil.corridor.example:PORT',
      'http://corridor.example.evil.example:PORT',
      'http://evilcorridor.example:PORT',
      'http://corridor.example.:PORT',
      'http://user@corridor.example:PORT',
      'http://evil.example#corridor.example:PORT',
      'HTTP://corridor.example:PORT',
      'WS://corridor.example:PORT',
      'wss://evil.example:PORT',
      'ws://corridor.example:PORT//',
      'ws://corridor.example:PORT/x',
      'file://corridor.example:PORT',
      'corridor.example:PORT',
      'https://a.example',
    ]) {
      await one(async () => expect([origin, await status('/same', origin)]).toEqual([origin, 403]))
    }
    expect(await status('/same', 'http://corridor.example:PORT', 'http://evil.example')).toBe(403)

    expect(await status('/listed', 'https://a.example')).toBe(101)
    for (const origin of ['http://a.example', 'https://a.example:443', 'https://b.example', 'null']) {
      await one(async () => expect([origin, await status('/listed', origin)]).toEqual([origin, 403]))
    }
    expect(await status('/any', 'null')).toBe(101)
  })
})

describe('a limit', () => {
  tellWrong('LB6', 'wrong answers at a limit')
  const url = (path: string) => `${server.ws}${path}`
  const all = (clients: Client[]) => Promise.all(clients.map((client) => client.close()))

  it('of peers from one address refuses with 429, and a place that is left is free again', async () => {
    await start({ '/echo': { limits: { perAddress: 2 } }, '/other': {} })
    const [ann, bob] = [await server.connect('/echo'), await server.connect('/echo')]
    const no = await refused(url('/echo'))
    expect(no).toMatchObject({ status: 429, body: { error: 'too_many' } })
    expect(Number(no.headers['retry-after'])).toBeGreaterThan(0)

    const elsewhere = await server.connect('/other')
    await ann.close()
    await all([await server.connect('/echo'), bob, elsewhere])
  })

  it('of peers in a room refuses with 503, and another room is open', async () => {
    await start({ '/echo': { limits: { peers: 1 } }, '/other': {} })
    const ann = await server.connect('/echo')
    const no = await refused(url('/echo'))
    expect(no).toMatchObject({ status: 503, body: { error: 'room_full' } })
    expect(Number(no.headers['retry-after'])).toBeGreaterThan(0)
    await all([ann, await server.connect('/other')])
    await all([await server.connect('/echo')])
  })

  it('of peers on the server refuses with 503', async () => {
    await start({ '/echo': {}, '/other': {} }, { peers: 1 })
    const ann = await server.connect('/echo')
    expect(await refused(url('/other'))).toMatchObject({ status: 503, body: { error: 'server_full' } })
    await ann.close()
    await all([await server.connect('/other')])
  })

  it('of rooms under a pattern refuses with 503, but for a room that stands empty', async () => {
    await start({ '/r/:name': { instances: 2 } })
    const [one, two] = [await server.connect('/r/one'), await server.connect('/r/two')]
    expect(await refused(url('/r/three'))).toMatchObject({ status: 503, body: { error: 'too_many_rooms' } })
    expect((await server.connect('/r/one')).socket.readyState).toBe(1)

    await two.close()
    const three = await server.connect('/r/three')
    three.sendText('here')
    expect(await three.nextText()).toBe('here')
    one.sendText('still here')
    expect(await one.nextText()).toBe('still here')
  })

  it('of handshakes refuses with 429 and a Retry-After', async () => {
    await start({ '/echo': {} }, { handshakes: { perSecond: 0.1, burst: 2 } })
    await all([await server.connect('/echo'), await server.connect('/echo')])
    const no = await refused(url('/echo'))
    expect(no).toMatchObject({ status: 429, body: { error: 'too_many' } })
    expect(Number(no.headers['retry-after'])).toBe(10)
  })
})

describe('a subprotocol', () => {
  const selected = async (path: string, offer: string) => {
    const client = new RawClient(server.port)
    await client.write(request(`GET ${path}`, [...handshake(), ['Sec-WebSocket-Protocol', offer]]))
    const { status, headers } = await client.answer()
    client.reset()
    return [status, headers['sec-websocket-protocol']]
  }

  it('is the first offered that the room knows; without one, nobody is let in', async () => {
    await start({ '/two': { protocols: ['a', 'b'] }, '/none': {} })
    expect(await selected('/two', 'x, b, a')).toEqual([101, 'b'])
    expect(await selected('/two', 'x, y')).toEqual([400, undefined])
    expect(await selected('/two', 'A')).toEqual([400, undefined])
    expect(await selected('/none', 'a, b')).toEqual([101, undefined])
    for (const broken of [',', 'a b', 'a,,b', '"a"', 'a, a', 'x'.repeat(12_000).replaceAll('xx', 'x,')]) {
      expect(await selected('/none', broken)).toEqual([400, undefined])
    }
    const peer = await server.connect('/two')
    expect(peer.socket.protocol).toBe('')
  })

  it('is not offered by an empty list, as some clients send it', async () => {
    await start({ '/two': { protocols: ['a', 'b'] }, '/none': {} })
    for (const empty of ['', ' ']) {
      expect(await selected('/two', empty)).toEqual([101, undefined])
      expect(await selected('/none', empty)).toEqual([101, undefined])
    }
  })
})

describe('the query', () => {
  const names = defineRoom({
    receives: {},
    sends: {},
    open: () => ({}),
  })

  it.each([
    ['name', ''],
    ['name', ' '],
    ['name', '\u200b\u2060'],
    ['name', 'a\nb'],
    ['name', 'a\u0000'],
    ['name', 'a\u2028b'],
    ['name', 'a'.repeat(41)],
    ['name', '😀'.repeat(41)],
    ['client', ''],
    ['client', 'a b'],
    ['client', 'ä'],
    ['client', 'a'.repeat(129)],
    ['offset', ''],
    ['offset', '-2'],
    ['offset', 'NOW'],
    ['offset', '1'],
    ['offset', `${'a'.repeat(32)}_1`],
    ['offset', `${'a'.repeat(32)}_9999999999999999`],
    ['offset', `${'A'.repeat(32)}_0000000000000001`],
    ['offset', `${'g'.repeat(32)}_0000000000000001`],
  ])('with a bad %s is refused: %j', async (key, value) => {
    await start({ '/names': { definition: names } })
    const answer = await refused(`${server.ws}/names?${new URLSearchParams({ [key]: value })}`)
    expect(answer).toMatchObject({ status: 400, body: { error: `bad_${key}` } })
  })

  it('with a repeated key is refused', async () => {
    await start({ '/names': { definition: names } })
    for (const key of ['name', 'client', 'offset']) {
      const answer = await refused(`${server.ws}/names?${key}=a&${key}=a`)
      expect(answer).toMatchObject({ status: 400, body: { error: `bad_${key}` } })
    }
  })

  it('takes any name that can be shown, and makes one if there is none', async () => {
    await start({ '/names': { definition: names } })
    for (const name of ['ann', '安娜', 'a'.repeat(40), '😀'.repeat(40), '👩‍💻', '<b>', "O'Neill", '()']) {
      const peer = await server.connect('/names', { name })
      expect(await peer.next('welcome')).toMatchObject({ data: { you: { name } } })
    }
    const guest = await server.connect('/names')
    expect((await guest.next<{ you: { name: string } }>('welcome')).data.you.name).toMatch(/^guest-/)
  })

  it('with an offset of another log makes a newcomer, with the reason', async () => {
    await start({ '/names': { definition: names } })
    const peer = await server.connect('/names', { offset: `${'a'.repeat(32)}_0000000000000007` })
    expect(await peer.next('welcome')).toMatchObject({ data: { resumed: false, reason: 'epoch' } })
  })
})
