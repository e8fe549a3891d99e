/**
 * Offers of compression as clients make them: an answer holds nothing that may not stand there (RFC 7692, 7.1), what
 * cannot be had is declined, and whatever was offered, the client is in and understood both ways.
 */
import { randomBytes } from 'node:crypto'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PerMessageDeflateOptions } from 'ws'
import { handClock } from '../../../src/testing/hand-clock.ts'
import { acceptedOffer } from '../../../src/transports/websocket/deflate-offer.ts'
import { Inflater } from '../../../src/transports/websocket/inflate.ts'
import { frame, Op } from '../../support/bare-frames.ts'
import { BarePeer } from '../../support/bare-peer.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ rooms: { '/echo': { module: 'echo', compression: true } } })
})
afterAll(() => server.close())

const CLIENTS: [client: string, offer: string, isTaken: boolean][] = [
  ['Go nhooyr.io/websocket 1.8.7', 'permessage-deflate; client_no_context_takeover; server_no_context_takeover', true],
  ['Go coder/websocket, context takeover', 'permessage-deflate', true],
  ['Go gorilla/websocket', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover', true],
  ['Python websockets', 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12', true],
  ['Python websockets, of old', 'permessage-deflate; client_max_window_bits', true],
  ['Python aiohttp', 'permessage-deflate; client_max_window_bits', true],
  ['Python aiohttp, compress=9', 'permessage-deflate; server_max_window_bits=9; client_max_window_bits', false],
  ['Chrome, Edge', 'permessage-deflate; client_max_window_bits', true],
  ['Firefox', 'permessage-deflate', true],
  ['Safari of old', 'x-webkit-deflate-frame', false],
  ['Swift Starscream', 'permessage-deflate; client_max_window_bits; server_max_window_bits=15', true],
  ['.NET', 'permessage-deflate; client_max_window_bits=15; server_max_window_bits=15', true],
  ['Autobahn|Android', 'permessage-deflate; client_no_context_takeover; client_max_window_bits=11', true],
  ['a preference with a fallback', 'permessage-deflate; server_max_window_bits=10, permessage-deflate', true],
  [
    'two that cannot be had',
    'permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits="11"',
    false,
  ],
  ['another extension first', 'permessage-bzip2; level=9, permessage-deflate;client_max_window_bits', true],
  ['quoted values', 'permessage-deflate; server_max_window_bits="13"; client_max_window_bits = "9"', true],
  ['the smallest window of its own', 'permessage-deflate; client_max_window_bits=8', true],
  ['no spaces', 'permessage-deflate;server_no_context_takeover;client_max_window_bits=10', true],
  ['tabs', 'permessage-deflate\t;\tclient_max_window_bits', true],
  ['a parameter nobody knows', 'permessage-deflate; memory_level=9', false],
  ['one that nobody knows, with a fallback', 'permessage-deflate; mux, permessage-deflate', true],
  ['a parameter twice', 'permessage-deflate; client_max_window_bits=9; client_max_window_bits=9', false],
  ['a value where none is', 'permessage-deflate; server_no_context_takeover=1', false],
  ['no value where one is', 'permessage-deflate; server_max_window_bits', false],
  ['a window that is none', 'permessage-deflate; client_max_window_bits=16', false],
  ['a window with a leading zero', 'permessage-deflate; server_max_window_bits=012', false],
  ['no grammar', ';;==,,"', false],
]

type Parameters = Map<string, string | true>

/** The offers or the answer in a header, by the letter: name and parameters of each. */
function parse(header: string): { name: string; parameters: Parameters }[] {
  return header.split(',').map((one) => {
    const [name = '', ...rest] = one.split(';').map((part) => part.trim())
    const pairs = rest.map((text): [string, string | true] => {
      const [key = '', value] = text.split('=').map((part) => part.trim().replace(/^"(.*)"$/, '$1'))
      return [key, value ?? true]
    })
    return { name, parameters: new Map(pairs) }
  })
}

/** What is wrong with an answer to an offer (RFC 7692, 7.1), and stricter: it holds nothing that was not offered. */
function mistakes(offered: Parameters, answered: Parameters): string[] {
  return [...answered]
    .flatMap(([key, value]) => {
      if (!offered.has(key)) return [`${key} was not offered`]
      if (key.endsWith('_no_context_takeover')) return value === true ? [] : [`${key} with a value`]
      const most = offered.get(key) === true ? 15 : Number(offered.get(key))
      const isBits = /^(8|9|1[0-5])$/.test(String(value)) && Number(value) <= most
      return isBits ? [] : [`${key}=${value} for ${offered.get(key)}`]
    })
    .concat(
      // An offer with these is only accepted by an answer that has them (7.1.1.1, 7.1.2.1).
      ['server_no_context_takeover', 'server_max_window_bits']
        .filter((key) => offered.has(key) && !answered.has(key))
        .map((key) => `${key} is missing`),
    )
}

const TEXT = 'words that come again, words that come again, and again and again. '.repeat(20)

/** `ws` then refuses an answer that names what it did not offer. Its documentation has `false` here, its types have not. */
function bareOffer(): PerMessageDeflateOptions {
  const options: PerMessageDeflateOptions = { threshold: 0 }
  Reflect.set(options, 'clientMaxWindowBits', false)
  return options
}

describe('a client that offers compression as', () => {
  it.each(CLIENTS)('%s does gets in, and is understood both ways', async (_, offer, isTaken) => {
    const peer = await BarePeer.open(`${server.ws}/echo`, { headers: { 'Sec-WebSocket-Extensions': offer } })
    const answer = /^sec-websocket-extensions: *(.*?)\r?$/im.exec(peer.head)?.[1]
    expect([answer, answer !== undefined]).toEqual([answer, isTaken])
    if (answer === undefined) {
      await peer.write(frame(Op.text, TEXT))
      expect((await peer.next())?.payload.toString()).toBe(TEXT)
      peer.destroy()
      return
    }
    const [chosen = { name: '', parameters: new Map<string, string | true>() }] = parse(answer)
    const wrong = parse(offer)
      .filter(({ name }) => name === chosen.name)
      .map(({ parameters }) => mistakes(parameters, chosen.parameters))
    expect([answer, wrong]).toEqual([answer, expect.arrayContaining([[]])])

    const bitsOf = (key: string) => Number(chosen.parameters.get(key) ?? 15)
    const windowBits = bitsOf('client_max_window_bits')
    const mayRefer = !chosen.parameters.has('client_no_context_takeover')
    let past = Buffer.alloc(0)
    // With context takeover a message refers to those before it.
    for (const text of [TEXT, TEXT, 'short', TEXT + TEXT]) {
      const bytes = deflateRawSync(text, {
        windowBits: Math.max(9, windowBits),
        finishFlush: constants.Z_SYNC_FLUSH,
        ...(mayRefer && past.length > 0 && { dictionary: past }),
      })
      await peer.write(frame(Op.text, bytes.subarray(0, -4), { rsv: 4 }))
      past = Buffer.concat([past, Buffer.from(text)]).subarray(-(2 ** windowBits))
      const { payload = Buffer.alloc(0) } = (await peer.next()) ?? {}
      const options = { windowBits: bitsOf('server_max_window_bits'), finishFlush: constants.Z_SYNC_FLUSH }
      // What is short comes as it is.
      const said = text.length < 128 ? payload : inflateRawSync(payload, options)
      expect(said.toString()).toBe(text)
    }
    peer.destroy()
  })

  it('ws does, with each of its settings', async () => {
    for (const perMessageDeflate of [
      {},
      { clientNoContextTakeover: true },
      { serverNoContextTakeover: true },
      { clientMaxWindowBits: 9 },
      bareOffer(),
      { serverMaxWindowBits: 12 },
      { serverMaxWindowBits: 9 },
      { clientMaxWindowBits: 15, serverMaxWindowBits: 15 },
    ]) {
      const client = await server.connect('/echo', {}, { perMessageDeflate: { threshold: 0, ...perMessageDeflate } })
      for (const text of [TEXT, TEXT, 'short', `${TEXT}${TEXT}`]) {
        const echoed = new Promise((resolve) => client.socket.once('message', (data) => resolve(String(data))))
        client.sendText(text)
        expect(await echoed).toBe(text)
      }
      client.terminate()
    }
  })
})

describe('what the client may refer to', () => {
  /** Each message is most of the window; what does not shrink by itself shrinks by what came before. */
  const LONG = randomBytes(10_000).toString('hex')

  it('is kept as far as it may refer, where it offered no bound', async () => {
    const client = await server.connect('/echo', {}, { perMessageDeflate: bareOffer() })
    expect(client.socket.extensions).toBe('permessage-deflate')
    for (const text of [LONG, TEXT, LONG, 'a'.repeat(40_000), LONG, LONG]) {
      const echoed = new Promise((resolve) => client.socket.once('message', (data) => resolve(String(data))))
      client.sendText(text)
      expect((await echoed) === text).toBe(true)
    }
    client.terminate()
  })

  it('is not kept for more peers than there is memory for: further ones talk uncompressed', () => {
    const inflater = new Inflater(handClock(), 65_536)
    const kept = Array.from({ length: 2048 }, () => {
      expect(inflater.hasRoom).toBe(true)
      return inflater.keepLargest()
    })
    expect(inflater.hasRoom).toBe(false)
    expect(acceptedOffer('permessage-deflate', false)).toBeUndefined()
    expect(acceptedOffer('permessage-deflate; server_max_window_bits=15', false)).toBeUndefined()
    const bounded = 'permessage-deflate, permessage-deflate; client_max_window_bits'
    expect(acceptedOffer(bounded, false)?.answer).toBe('permessage-deflate; client_max_window_bits=12')
    kept[0]?.()
    expect(inflater.hasRoom).toBe(true)
  })

  it('is given back when the peer is gone', async () => {
    const peers: BarePeer[] = []
    const open = async () => {
      const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
      const peer = await BarePeer.open(`${full.ws}/echo`, { headers })
      peers.push(peer)
      return /^sec-websocket-extensions:/im.test(peer.head)
    }
    const limits = { perAddress: 3000 }
    const handshakes = { perSecond: 10_000, burst: 10_000 }
    const rooms = { '/echo': { module: 'echo', compression: true, limits } }
    const full = await startServer({ rooms, server: { limits: { handshakes } } })
    while (peers.length < 2048) expect(await open()).toBe(true)
    expect(await open()).toBe(false)
    for (const peer of peers) peer.destroy()
    await expect.poll(open, { timeout: PATIENCE_MS }).toBe(true)
    for (const peer of peers) peer.destroy()
    await full.close()
  })
})
