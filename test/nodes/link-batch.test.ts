/** Messages of a link as bytes and back: nothing of them is lost, whatever their texts and bytes are. */
import { describe, expect, it } from 'vitest'
import { Frame } from '../../src/delivery/frame.ts'
import { Batch, readBatch } from '../../src/nodes/link-batch.ts'
import { LINK_ENCODING, readFrame } from '../../src/nodes/link-frame.ts'
import type { LinkMessage } from '../../src/nodes/link-message.ts'

function frame(...[type, data, seq, time, answer]: ConstructorParameters<typeof Frame>): Frame {
  const made = new Frame(type, data, seq, time, answer)
  made.after = 41
  return made
}

function plain({ type, data, seq, time, answer, after }: Frame) {
  return { type, data: typeof data === 'string' ? data : [...data], seq, time, answer, after }
}

const FRAMES = [
  frame('wave', '{"at":"the door"}', 7, 1_790_000_000_123),
  frame('wave', '{"at":"Türe 門 🚪"}', 9_007_199_254_740_991, 12),
  frame('über;alles', '', 0, 0),
  frame('', '1'),
  frame('ack', '', 0, 0, { id: 'é;1', seq: 3, kept: 'fsync', duplicate: true }),
  frame('error', '{"code":"conflict"}', 0, 0, { id: undefined, ref: 5 }),
  frame(undefined, 'text of a raw room; with "all" in it'),
  frame(undefined, ''),
  frame(undefined, Uint8Array.from([0, 255, 59, 10])),
  frame(undefined, new Uint8Array(0)),
  frame('long', JSON.stringify('x'.repeat(40_000))),
  frame('long', JSON.stringify('é'.repeat(40_000))),
]

describe('a frame on a link', () => {
  it.each(FRAMES)('is read as it was: %#', (made) => {
    const bytes = made.bytes(LINK_ENCODING)
    const buffer = Buffer.from(`__${typeof bytes === 'string' ? bytes : bytes.toString('latin1')}__`, 'latin1')
    expect(plain(readFrame(buffer, 2, buffer.length - 2))).toEqual(plain(made))
  })

  it('is encoded once', () => {
    const made = frame('wave', '"é"', 1, 1)
    expect(made.bytes(LINK_ENCODING)).toBe(made.bytes(LINK_ENCODING))
  })
})

describe('a batch', () => {
  const messages: LinkMessage[] = [
    { op: 'status', redisAgeMs: 12.5 },
    {
      op: 'items',
      place: 3,
      items: [
        ...FRAMES.map((made) => ({ to: 'all', frame: made, except: undefined }) as const),
        { to: 'one', session: 4, frames: FRAMES.slice(0, 3) },
        { to: 'one', session: 4, frames: [] },
        { to: 'enter', session: 5 },
        { to: 'all', frame: frame('seen', '1'), except: 0 },
        { to: 'leave', session: 6 },
      ],
    },
    { op: 'items', place: 4, items: [] },
    { op: 'receive', place: 1, session: 2, data: '{"type":"wave","data":"é"}', ref: undefined },
    { op: 'receive', place: 1, session: 2, data: Buffer.from([1, 2, 255]), ref: 0 },
    { op: 'receive', place: 1, session: 2, data: '', ref: 9 },
    { op: 'ask', ask: 1, name: 'sums', args: { names: ['Zoë'] } },
    { op: 'over', place: 1, to: 'b' },
  ]

  it('is read as it was sent, in order', () => {
    const batch = new Batch()
    for (const message of messages) batch.add(message)
    const read = readBatch(batch.toBuffer())
    expect(read.length).toBe(messages.length)
    expect(comparable(read)).toEqual(comparable(messages))
  })

  it('keeps what was given, whatever becomes of it afterwards', () => {
    const batch = new Batch()
    const data = Buffer.from('before')
    batch.add({ op: 'receive', place: 1, session: 2, data, ref: undefined })
    data.write('behind')
    expect(readBatch(batch.toBuffer())).toEqual([
      { op: 'receive', place: 1, session: 2, data: Buffer.from('before'), ref: undefined },
    ])
  })

  it('is refused unless it is whole', () => {
    const batch = new Batch()
    for (const message of messages) batch.add(message)
    const buffer = batch.toBuffer()
    for (const length of [0, 3, 4, 20, 500, buffer.length - 1])
      expect(() => readBatch(buffer.subarray(0, length))).toThrow()
  })
})

function comparable(messages: readonly LinkMessage[]): unknown {
  return JSON.parse(
    JSON.stringify(messages, (_, value) => {
      if (value instanceof Frame) return plain(value)
      return value?.type === 'Buffer' ? value.data : value
    }),
  )
}
