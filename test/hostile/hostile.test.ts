/**
 * What only an attacker sends (catalogue: F3 to F5, F10): messages in crumbs, bombs, lengths and parameters that cannot
 * be, floods of pings. Only the sender is touched. Beside it: `hostile-closes.test.ts`, `hostile-envelopes.test.ts`, and
 * `hostile.load.test.ts` for attacks by many at once.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bufferOf, Frame } from '../../src/delivery/frame.ts'
import { deflated } from '../../src/transports/websocket/deflate.ts'
import { fragmented, frame, Op } from '../support/bare-frames.ts'
import { tellWrong } from '../support/figures.ts'
import { openWitnessed } from '../support/witness.ts'

const KIB = 1024
const MIB = KIB * KIB
const DEFLATE = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } }

const { open } = openWitnessed({ '/squeezed': { module: 'echo', compression: true } })

describe('a message in crumbs', () => {
  tellWrong('F3', 'wrong closes')
  const endless = (payload: string, count: number) =>
    Buffer.concat(fragmented(Op.binary, [...Array.from({ length: count }, () => payload)], false))

  it.each([
    ['131,073 fragments of one byte', endless('x', 131_073)],
    ['empty fragments without an end', endless('', 131_073)],
  ])('closes with 1008: %s', async (_, bytes) => {
    const peer = await open('/echo')
    peer.socket.write(bytes)
    expect(await peer.closed()).toBe(1008)
    peer.destroy()
  })

  it('that are packets of one byte closes with 1008', async () => {
    const peer = await open('/echo')
    const message = frame(Op.text, 'x'.repeat(60_000))
    for (let at = 0; at < message.length && !peer.hasClosed; at += 1) {
      await peer.write(message.subarray(at, at + 1))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await peer.closed()).toBe(1008)
    peer.destroy()
  })
})

describe('a bomb', () => {
  tellWrong('F4', 'wrong closes')
  /** Blocks without the mark of the last, so that more may follow. */
  const unended = (bytes: Uint8Array) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  const squeezed = (payload: Uint8Array, isFinal = true) => frame(Op.binary, payload, { rsv: 4, isFinal })

  it.each([
    ['1 KiB for 1 MiB', squeezed(deflateRawSync(Buffer.alloc(MIB)))],
    ['62 KiB for 62 MiB', squeezed(deflateRawSync(Buffer.alloc(62 * MIB)))],
    ['1 MiB for 1 GiB', squeezed(Buffer.alloc(MIB))],
    [
      'in two fragments',
      [squeezed(unended(Buffer.alloc(60 * KIB)), false), frame(Op.continuation, unended(Buffer.alloc(MIB)))],
    ],
  ])('is refused with 1009: %s', async (_, bytes) => {
    const peer = await open('/squeezed', DEFLATE)
    await peer.write(bytes)
    expect(await peer.closed()).toBe(1009)
    peer.destroy()
  })

  it('that is small only by what a message before it left in the window is refused with 1009', async () => {
    const peer = await open('/squeezed', DEFLATE)
    await peer.write(squeezed(unended(Buffer.from('left in the window')).subarray(0, -4)))
    expect((await peer.next())?.payload.toString()).toBe('left in the window')
    const past = { dictionary: Buffer.from('left in the window') }
    await peer.write(squeezed(deflateRawSync(Buffer.alloc(MIB, 'left in the window'), past)))
    expect(await peer.closed()).toBe(1009)
    peer.destroy()
  })

  it('that uses what a message before it left in the window finds nothing there, where none was agreed on', async () => {
    const bare = DEFLATE.headers['Sec-WebSocket-Extensions']
    const headers = { 'Sec-WebSocket-Extensions': `${bare}; client_no_context_takeover` }
    const peer = await open('/squeezed', { headers })
    await peer.write(squeezed(deflateRawSync(Buffer.from('left in the window'))))
    expect((await peer.next())?.payload.toString()).toBe('left in the window')
    // A match of length 3 at distance 1, with nothing before it.
    await peer.write(squeezed(Buffer.from([0x03, 0x02, 0x00])))
    expect([1007, 1006]).toContain(await peer.closed())
    peer.destroy()
  })

  it('where no compression was agreed on is a broken frame', async () => {
    const peer = await open('/echo', DEFLATE)
    await peer.write(squeezed(deflateRawSync(Buffer.alloc(MIB))))
    expect(await peer.closed()).toBe(1002)
    peer.destroy()
  })
})

describe('lengths and parameters that cannot be', () => {
  tellWrong('F5', 'throws and wrong closes')
  it.each([
    ['2^63', { length: 1n << 63n }],
    ['2^64 - 1', { length: (1n << 64n) - 1n }],
    ['2^53 + 1', { length: (1n << 53n) + 1n }],
    ['2^32', { length: 1n << 32n }],
    ['64 KiB + 1', { length: 65_537n }],
  ])('a frame of %s bytes closes with 1009 by its head', async (_, parts) => {
    const peer = await open('/echo')
    await peer.write(frame(Op.binary, '', parts))
    expect(await peer.closed()).toBe(1009)
    peer.destroy()
  })

  it.each([16, 64] as const)(
    'a length in more bits than it needs (%i) is read for what it says',
    async (lengthBits) => {
      const peer = await open('/echo')
      await peer.write(frame(Op.text, 'hi', { lengthBits }))
      expect((await peer.next())?.payload.toString()).toBe('hi')
      peer.destroy()
    },
  )

  const PARAMETERS = ['7', '08', '16', '0', '-1', '1e1', '99999999999999999999', '"12"', '']
    .flatMap((bits) => [`server_max_window_bits=${bits}`, `client_max_window_bits=${bits}`])
    .concat(
      'server_no_context_takeover=1',
      'client_max_window_bits=9; client_max_window_bits=9',
      '__proto__',
      'constructor=1',
      ';',
      '=',
    )

  it.each(PARAMETERS)('permessage-deflate; %s is declined or refused, or works', async (parameters) => {
    const headers = { 'Sec-WebSocket-Extensions': `permessage-deflate; ${parameters}` }
    const peer = await open('/squeezed', { headers }).catch((error: Error) => error)
    if (peer instanceof Error) {
      expect(peer.message).toContain(' 400 ')
      return
    }
    await peer.write(frame(Op.text, 'x'.repeat(50)))
    expect((await peer.next())?.payload.toString()).toBe('x'.repeat(50))
    peer.destroy()
  })

  it('a client gets no larger window than it asked for', async () => {
    const asked = async (bits: number) => {
      const headers = { 'Sec-WebSocket-Extensions': `permessage-deflate; server_max_window_bits=${bits}` }
      const peer = await open('/squeezed', { headers })
      peer.destroy()
      return Number(/server_max_window_bits=(\d+)/.exec(peer.head)?.[1] ?? 0)
    }
    for (let bits = 8; bits <= 15; bits += 1) expect(await asked(bits)).toBeLessThanOrEqual(bits)
    const granted = await asked(12)
    expect(granted).toBe(12)
    const text = Array.from({ length: 4000 }, (_, number) => `${(number * 7919) % 3001}`).join(' ')
    const bytes = bufferOf(deflated.encode(new Frame(undefined, text.repeat(2))))
    expect(
      inflateRawSync(bytes.subarray(4), { windowBits: granted, finishFlush: constants.Z_SYNC_FLUSH }).toString(),
    ).toBe(text.repeat(2))
  })
})

describe('a flood of pings', () => {
  tellWrong('F10', 'wrong closes')
  const pings = (count: number) => Buffer.concat(Array.from({ length: count }, () => frame(Op.ping, 'p')))

  it('closes with 1008, also one of pongs nobody asked for', async () => {
    for (const opcode of [Op.ping, Op.pong]) {
      const peer = await open('/echo')
      peer.socket.write(Buffer.concat(Array.from({ length: 251 }, () => frame(opcode, 'p'))))
      expect(await peer.closed()).toBe(1008)
      peer.destroy()
    }
  })

  it('is none while a client pings as often as a careful one does', async () => {
    const peer = await open('/echo')
    await peer.write(pings(200))
    for (let count = 0; count < 200; count += 1) expect((await peer.next())?.opcode).toBe(Op.pong)
    await peer.write(frame(Op.text, 'and?'))
    expect((await peer.next())?.payload.toString()).toBe('and?')
    peer.destroy()
  })
})
