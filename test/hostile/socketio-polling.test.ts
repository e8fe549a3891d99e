/**
 * Polling as no client does it: bodies without end, payloads of very many packets, several polls at once, sessions of
 * others, upgrades that never finish (catalogue: F9). Each ends its own session, and the honest peers of the room go on.
 */
import { describe, expect, it } from 'vitest'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { request } from '../support/bare-polling.ts'
import { openBesieged } from '../support/besieged.ts'
import { tellWrong } from '../support/figures.ts'
import { request as head, RawClient } from '../support/raw.ts'

const siege = openBesieged()
const GIB = 2 ** 30

tellWrong('F9', 'wrong answers to polling')

const at = (query: string) => `${siege.server.url}/socket.io/?${query}`

describe('a handshake', () => {
  const REFUSED: [string, string][] = [
    ['an unknown transport', 'EIO=4&transport=telepathy'],
    ['no transport', 'EIO=4'],
    ['a transport of a prototype', 'EIO=4&transport=constructor'],
    ['webtransport', 'EIO=4&transport=webtransport'],
    ['websocket without an upgrade', 'EIO=4&transport=websocket'],
    ['a session that is not there', 'EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAA'],
    ['a session of a prototype', 'EIO=4&transport=polling&sid=__proto__'],
    ['a session twice', 'EIO=4&transport=polling&sid=a&sid=constructor'],
    ['a session of 10 KiB', `EIO=4&transport=polling&sid=${'s'.repeat(10_000)}`],
    ['JSONP, which no origin guards', 'EIO=4&transport=polling&j=0'],
    ['JSONP with a script in it', 'EIO=4&transport=polling&j=alert(1)'],
    ['JSONP of version 2', 'EIO=3&transport=polling&j=0'],
  ]

  it.each(REFUSED)('with %s is answered with 400', async (_, query) => {
    const { status, body } = await request(at(query))
    expect({ status, body }).toMatchObject({ status: 400, body: expect.not.stringContaining('"sid":') })
  })

  it.each(['EIO=5', 'EIO=2', 'EIO=', 'EIO[]=4', 'x=1'])(
    'with another version is refused or served: %s',
    async (query) => {
      const { status } = await request(at(`${query}&transport=polling`))
      expect([200, 400]).toContain(status)
    },
  )

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'])('by %s is refused', async (method) => {
    const client = new RawClient(siege.server.port)
    await client.write(
      head(`${method} /socket.io/?EIO=4&transport=polling`, [
        ['Host', '127.0.0.1'],
        ['Content-Length', '0'],
      ]),
    )
    const { status } = await client.answer()
    expect(status).toBeGreaterThanOrEqual(400)
    client.socket.destroy()
  })

  it('from a page of another origin gets nothing', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      const response = await fetch(at('EIO=4&transport=polling'), { headers: { Origin: origin } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      await response.text()
    }
  })

  it('under a foreign host is refused', async () => {
    const client = new RawClient(siege.server.port)
    await client.write(head('GET /socket.io/?EIO=4&transport=polling', [['Host', 'rebound.example']]))
    expect((await client.answer()).status).toBeGreaterThanOrEqual(400)
    client.socket.destroy()
  })

  it.each(['//socket.io/?EIO=4', '/socket.io/?EIO=4&transport=%', '/socket.io/../socket.io/?EIO=4&transport=polling'])(
    'with the target %s does no harm',
    async (target) => {
      for (const more of [
        [],
        [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
        ],
      ] as [string, string][][]) {
        const client = new RawClient(siege.server.port)
        await client.write(head(`GET ${target}`, [['Host', '127.0.0.1'], ...more]))
        expect((await client.answer()).status).toBeGreaterThanOrEqual(400)
        client.socket.destroy()
      }
    },
  )
})

describe('a body', () => {
  const post = (sid: string, headers: [string, string][]) =>
    head(`POST /socket.io/?EIO=4&transport=polling&sid=${sid}`, [
      ['Host', '127.0.0.1'],
      ['Content-Type', 'text/plain'],
      ...headers,
    ])

  it('of a gigabyte that is announced is refused before it is read', async () => {
    const { sid } = await siege.joinPolling()
    const client = new RawClient(siege.server.port)
    await client.write(post(sid, [['Content-Length', String(GIB)]]), '4')
    expect((await client.answer()).status).toBe(413)
    await client.ended
  })

  it('of a gigabyte in chunks is cut off', async () => {
    const { sid } = await siege.joinPolling()
    const client = new RawClient(siege.server.port)
    await client.write(post(sid, [['Transfer-Encoding', 'chunked']]))
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    let sent = 0
    while (sent < GIB && client.socket.writable) {
      client.socket.write(chunk)
      sent += chunk.length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.answer().catch(() => ({ status: 413 }))).status).toBe(413)
    client.socket.destroy()
    expect(sent).toBeLessThan(GIB / 4)
  })

  it('of tens of thousands of packets ends its sender, or is worked through', async () => {
    for (const packet of ['3', '2', '4', '6', '42', '42/talk,["say",1]', '40/nothing,', 'bAAAA']) {
      const polling = await siege.joinPolling()
      const count = Math.floor(60_000 / (packet.length + 1))
      const { status } = await polling.post(...Array.from({ length: count }, () => packet))
      expect([200, 400]).toContain(status)
    }
  })

  const BAD: [string, string | Uint8Array, Record<string, string>?][] = [
    ['nothing', ''],
    ['separators alone', '\x1e'.repeat(60_000)],
    ['a packet that is none', '9'],
    ['base64 that is none', 'b!!!'],
    ['binary of version 2', Buffer.from([0, 9, 255]), { 'Content-Type': 'application/octet-stream' }],
    ['text that is no UTF-8', Buffer.from([0x34, 0x32, 0xff])],
    ['a form', 'd=42%5B%5D', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['JSON', '{}', { 'Content-Type': 'application/json' }],
    ['a type of content that is none', '3', { 'Content-Type': 'x' }],
  ]

  it.each(BAD)('with %s does no harm', async (_, body, headers) => {
    const polling = await siege.joinPolling()
    const { status } = await polling.send(body, headers)
    expect([200, 400, 415]).toContain(status)
  })

  it.each(['-1:4', '99999999:4', '1:', 'x:4', '1:9', '2:4'.repeat(20_000)])(
    'of version 2 that is none: %.20s',
    async (body) => {
      const polling = await siege.openPolling('EIO=3')
      expect([200, 400]).toContain((await polling.send(body)).status)
    },
  )
})

describe('a session', () => {
  it('polled twice at once is over', async () => {
    const polling = await siege.joinPolling()
    const answers = await Promise.all([polling.poll(), polling.poll()])
    expect(answers.map(({ status }) => status)).toContain(400)
    expect(await polling.isOver()).toBe(true)
  })

  it('is over when its poll is reset', async () => {
    const polling = await siege.joinPolling()
    const abort = new AbortController()
    const poll = polling.poll('', {}, abort.signal).catch(() => undefined)
    // The poll must have come before it is given up.
    await polling.post('3')
    abort.abort()
    await poll
    await expect.poll(() => polling.isOver()).toBe(true)
  })

  it('is over when a body is broken off', async () => {
    const { sid } = await siege.joinPolling()
    const client = new RawClient(siege.server.port)
    await client.write(
      head(`POST /socket.io/?EIO=4&transport=polling&sid=${sid}`, [
        ['Host', '127.0.0.1'],
        ['Content-Length', '500'],
      ]),
      '42/talk',
    )
    client.reset()
  })

  it('does not change its version', async () => {
    const polling = await siege.joinPolling()
    const { status } = await request(at(`EIO=3&transport=polling&sid=${polling.sid}`))
    expect(status).toBe(400)
  })

  const upgrade = (sid: string) => BarePeer.open(`${siege.server.ws}/socket.io/?EIO=4&transport=websocket&sid=${sid}`)

  it.each([['2probe', '5', '5'], ['2probe', '2probe', '2probe'], ['5'], ['42["say"]'], ['9'], ['']])(
    'upgraded wrongly goes on, or is over: %j',
    async (...packets) => {
      const polling = await siege.joinPolling()
      const peer = await upgrade(polling.sid)
      for (const packet of packets) await peer.write(frame(Op.text, packet))
      peer.destroy()
    },
  )

  it('has one upgrade at a time', async () => {
    const polling = await siege.joinPolling()
    const first = await upgrade(polling.sid)
    await first.write(frame(Op.text, '2probe'))
    expect((await first.next())?.payload.toString()).toBe('3probe')
    const second = await upgrade(polling.sid).catch(() => undefined)
    await second?.closed()
    second?.destroy()
    first.destroy()
  })

  it('that is over takes no upgrade', async () => {
    const polling = await siege.joinPolling()
    await polling.close()
    await expect(upgrade(polling.sid)).rejects.toThrow('400')
  })
})
