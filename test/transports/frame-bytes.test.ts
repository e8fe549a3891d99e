/** Frames as bytes, whether they are made as text or as buffers: at each edge they are what RFC 6455, 5.2, says. */
import { describe, expect, it } from 'vitest'
import { bufferOf, Frame, join, MAX_TEXT_LENGTH } from '../../src/delivery/frame.ts'
import { frameBytes } from '../../src/transports/frame-bytes.ts'
import { deflated } from '../../src/transports/websocket/deflate.ts'
import { plain } from '../../src/transports/websocket/websocket-wire.ts'
import { frameOf, Op } from '../support/bare-frames.ts'
import { contentOf, framesOf } from '../support/byte-stream.ts'
import { anyPayload, bytesOf, CHARACTERS, EDGES, LARGE, textOf } from '../support/payloads.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'

const ROUNDS = amount(25, 100)
const LENGTHS = [...EDGES, ...LARGE]
const payloads = [...CHARACTERS.flatMap((c) => LENGTHS.map((length) => textOf(c, length))), ...LENGTHS.map(bytesOf)]
const expected = (payload: string | Uint8Array) =>
  frameOf({ opcode: typeof payload === 'string' ? Op.text : Op.binary, payload })
/** Faster than a comparison that shows what differs. */
const same = (one: Buffer, other: Buffer) => one.equals(other)

describe('a frame', () => {
  it('is the same bytes at every length and of every character', () => {
    const wrong = payloads.filter((payload) => !same(bufferOf(frameBytes(payload)), expected(payload)))
    expect(wrong.map((payload) => [typeof payload, payload.length, payload.slice(0, 4)])).toEqual([])
  })

  it('is text no longer than pays, and no character of it is more than a byte', () => {
    const kinds = new Set<string>()
    for (const payload of payloads) {
      const bytes = frameBytes(payload)
      kinds.add(typeof bytes)
      if (typeof bytes !== 'string') continue
      expect(bytes.length).toBeLessThanOrEqual(MAX_TEXT_LENGTH)
      expect(/[^\0-\u00ff]/.test(bytes)).toBe(false)
    }
    expect(kinds.size).toBe(2)
  })

  it('says the same compressed', () => {
    for (const payload of payloads) {
      const [frame, ...more] = framesOf(bufferOf(deflated.encode(new Frame(undefined, payload))))
      expect(more).toEqual([])
      expect(frame?.opcode).toBe(typeof payload === 'string' ? Op.text : Op.binary)
      expect(frame && same(contentOf(frame), Buffer.from(payload as string))).toBe(true)
    }
  })
})

describe.each([plain, deflated])('many frames joined ($name)', (encoding) => {
  it.each([1, 2, 3, 4])('are the frames one after the other, whatever each is made of (seed %i)', (seed) => {
    const random = seeded(seed)
    const kinds = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const frames = Array.from({ length: 1 + random.below(12) }, () => new Frame(undefined, anyPayload(random)))
      const joined = join(frames, encoding)
      kinds.add(typeof joined)
      const alone = frames.map((frame) => bufferOf(encoding.encode(frame)))
      expect(same(bufferOf(joined), Buffer.concat(alone))).toBe(true)
      const heard = framesOf(bufferOf(joined)).map(contentOf)
      expect(heard.map(String)).toEqual(frames.map(({ data }) => Buffer.from(data as string).toString()))
    }
    expect(kinds.size).toBe(2)
  })
})
