/** The text of frames: exactly what clients read and what lies in the log, and taken apart again without a parse. */
import { describe, expect, it } from 'vitest'
import { Frame } from '../../src/delivery/frame.ts'
import { eventParts, eventText, listOf, payloadOf } from '../../src/delivery/payload.ts'

describe('the text of a frame', () => {
  it.each([
    ['a published event', new Frame('note', '{"a":1}', 7, 1700), '{"type":"note","seq":7,"time":1700,"data":{"a":1}}'],
    ['an event in passing', new Frame('typing', 'null'), '{"type":"typing","data":null}'],
    ['an ack', new Frame('ack', '', 0, 0, { id: 'i"1', kept: 'fsync' }), '{"type":"ack","id":"i\\"1","kept":"fsync"}'],
    [
      'an ack of a duplicate',
      new Frame('ack', '', 0, 0, { id: 'i', seq: 3, kept: 'os', duplicate: true }),
      '{"type":"ack","id":"i","seq":3,"kept":"os","duplicate":true}',
    ],
    ['an error', new Frame('error', '{}', 0, 0, { id: 'i' }), '{"type":"error","id":"i","data":{}}'],
    ['an error about no message', new Frame('error', '{}'), '{"type":"error","data":{}}'],
    ['a message of a raw room', new Frame(undefined, 'as it came'), 'as it came'],
  ])('is what the protocol says of %s', (_, frame, text) => {
    expect(payloadOf(frame)).toBe(text)
  })

  it('is one list for many', () => {
    const frames = [new Frame('a', '1', 1, 2), new Frame('b', '"x"')]
    expect(JSON.parse(listOf(frames))).toEqual([
      { type: 'a', seq: 1, time: 2, data: 1 },
      { type: 'b', data: 'x' },
    ])
  })
})

describe('the text of an event', () => {
  const middle = ',"seq":5,"time":9,"data":'
  it.each(['note', '', '"', '\\', '\\"', middle, `x"${middle}"y`, 'emoji 😀 \u2028', '\n'])(
    'is taken apart again, whatever its type (%j)',
    (type) => {
      for (const data of ['null', '"text"', JSON.stringify({ [middle]: middle }), '[]']) {
        const text = eventText(type, 5, 9, data)
        expect(JSON.parse(text)).toEqual({ type, seq: 5, time: 9, data: JSON.parse(data) })
        expect(eventParts(text, 5, 9)).toEqual({ type, data })
      }
    },
  )

  it('of another place is none', () => {
    expect(eventParts(eventText('note', 5, 9, '{}'), 6, 9)).toBe(undefined)
  })
})
