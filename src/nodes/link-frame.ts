/**
 * A frame as bytes on a link, made once for all links (`Frame.bytes`), and read back. Texts are UTF-8, bytes of raw rooms
 * stand as they are. `link-batch.ts` says where each begins.
 *
 *     kind type-length ; seq ; time ; after ; answer-length ; type answer data
 */
import { type Answer, type Bytes, type Encoding, Frame, MAX_TEXT_LENGTH } from '../delivery/frame.ts'
import { MalformedError, mustBeAnswer } from './link-shapes.ts'

/** An event, and the texts and bytes of raw rooms. */
const EVENT = 'e'
const TEXT = 't'
const BYTES = 'b'
const SEMICOLON = 0x3b
const ZERO = 0x30

export const LINK_ENCODING: Encoding = { name: 'link', encode }

function encode({ type, data, seq, time, after, answer }: Frame): Bytes {
  const name = type ?? ''
  const how = answer === undefined ? '' : JSON.stringify(answer)
  const kind = typeof data !== 'string' ? BYTES : type === undefined ? TEXT : EVENT
  const head = `${kind}${lengthOf(name)};${seq};${time};${after};${lengthOf(how)};${name}${how}`
  if (typeof data !== 'string') return Buffer.concat([Buffer.from(head), data])
  return bytesOfText(head + data)
}

/** Text as UTF-8, in the form that is written fastest. */
export function bytesOfText(text: string): Bytes {
  const isAscii = text.length <= MAX_TEXT_LENGTH && Buffer.byteLength(text) === text.length
  return isAscii ? text : Buffer.from(text)
}

function lengthOf(text: string): number {
  return text === '' ? 0 : Buffer.byteLength(text)
}

/** The frame that stands in `bytes` from `start` to `end`. Throws if none does. */
export function readFrame(bytes: Buffer, start: number, end: number): Frame {
  const kind = String.fromCharCode(bytes[start] ?? 0)
  if (kind !== EVENT && kind !== TEXT && kind !== BYTES) throw new MalformedError('expected a frame')
  const numbers = [0, 0, 0, 0, 0]
  let at = start + 1
  for (let field = 0; field < numbers.length; field += 1) {
    let value = 0
    for (let byte = bytes[at]; byte !== SEMICOLON; byte = bytes[at]) {
      if (byte === undefined || at >= end) throw new MalformedError('expected a whole frame, got a part of one')
      const digit = byte - ZERO
      if (digit < 0 || digit > 9) throw new MalformedError('expected the numbers of a frame')
      value = value * 10 + digit
      at += 1
    }
    numbers[field] = value
    at += 1
  }
  const [typeLength = 0, seq = 0, time = 0, after = 0, answerLength = 0] = numbers
  const type = kind === EVENT ? bytes.toString('utf8', at, at + typeLength) : undefined
  at += typeLength
  const answer = answerLength === 0 ? undefined : answerIn(bytes.toString('utf8', at, at + answerLength))
  at += answerLength
  if (at > end) throw new MalformedError('expected a whole frame, got a part of one')
  const data = kind === BYTES ? bytes.subarray(at, end) : bytes.toString('utf8', at, end)
  const frame = new Frame(type, data, seq, time, answer)
  frame.after = after
  return frame
}

function answerIn(text: string): Answer {
  const answer: unknown = JSON.parse(text)
  mustBeAnswer(answer)
  return answer
}
