/** Random plays of a client's frames: some good messages, an end of any kind, and more after it, cut in any places. */
import { frame, frameOf, Op } from './bare-frames.ts'
import type { Dice } from './random.ts'

/** The largest payload that a play's messages have, but for one that is too large. */
export const PAYLOAD_BYTES = 70_000

const TEXTS = [
  '',
  'a',
  'hello',
  '你好, wörld 🎉',
  'x'.repeat(125),
  'y'.repeat(126),
  'ü'.repeat(700),
  'z'.repeat(66_000),
]
const BAD_UTF8 = Buffer.from([0x68, 0xc3, 0x28, 0x69])

function mask(random: Dice): Buffer {
  return Buffer.from([0, 0, 0, 0].map(() => random.below(256)))
}

/** A good message or control frame, in one frame or several. */
function good(random: Dice): Buffer[] {
  const text = random.pick(TEXTS)
  const payload = random.below(2) ? text : Buffer.from(text)
  const opcode = typeof payload === 'string' ? Op.text : Op.binary
  const by = { mask: mask(random) }
  const kind = random.below(10)
  if (kind < 5) return [frame(opcode, payload, by)]
  if (kind === 5) return [frame(opcode, payload, { ...by, lengthBits: random.pick([16, 64] as const) })]
  if (kind === 6) return [frame(random.pick([Op.ping, Op.pong]), text.slice(0, 30), by)]
  const bytes = Buffer.from(text)
  const [a, b] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((x, y) => x - y) as [
    number,
    number,
  ]
  return [
    frame(opcode, bytes.subarray(0, a), { ...by, isFinal: false }),
    ...(random.below(2) ? [frame(Op.ping, 'between', by)] : []),
    frame(Op.continuation, bytes.subarray(a, b), { ...by, isFinal: false }),
    frame(Op.continuation, bytes.subarray(b), by),
  ]
}

/** What ends a connection. */
function last(random: Dice): Buffer[] {
  const by = { mask: mask(random) }
  return random.pick<() => Buffer[]>([
    () => [frame(Op.close, Buffer.from([3, 232]), by)],
    () => [frame(Op.close, '', by)],
    () => [frame(Op.close, Buffer.from([3, 1]), by)],
    () => [frame(Op.text, BAD_UTF8, by)],
    () => [frame(Op.text, BAD_UTF8.subarray(0, 2), { ...by, isFinal: false }), frame(Op.continuation, BAD_UTF8, by)],
    () => [frameOf({ opcode: Op.text, payload: 'unmasked' })],
    () => [frame(random.pick([3, 5, 7, 11, 15]), 'what', by)],
    () => [frame(Op.text, 'what', { ...by, rsv: 1 + random.below(7) })],
    () => [frame(Op.continuation, 'of nothing', by)],
    () => [frame(Op.text, 'a', { ...by, isFinal: false }), frame(Op.text, 'within', by)],
    () => [frame(Op.text, 'a', { ...by, isFinal: false }), frame(Op.ping, 'p', by), frame(Op.text, 'within', by)],
    () => [frame(Op.binary, 'b'.repeat(200), { ...by, rsv: 2 })],
    () => [frameOf({ opcode: Op.text, payload: 'unmasked'.repeat(50) })],
    () => [frame(Op.ping, 'p', { ...by, isFinal: false })],
    () => [frame(Op.ping, 'p'.repeat(126), by)],
    () => [frame(Op.binary, Buffer.alloc(PAYLOAD_BYTES + 1), by)],
    () => [frame(Op.text, 'endless', { ...by, length: 2n ** 62n })],
    () => Array.from({ length: 10 }, (_, at) => frame(at ? Op.continuation : Op.text, 'f', { ...by, isFinal: false })),
    () => [],
  ])()
}

/** A connection's bytes: some good messages, an end, and more after it, which nobody may hear. */
export function play(random: Dice): Buffer {
  const before = Array.from({ length: random.below(8) }, () => good(random)).flat()
  const after = Array.from({ length: random.below(3) }, () => good(random)).flat()
  return Buffer.concat([...before, ...last(random), ...after])
}

/** The same bytes as the network might bring them. */
export function cut(bytes: Buffer, random: Dice): Buffer[] {
  const most = random.pick([1, 3, 20, 500, 100_000])
  if (most < 20 && bytes.length > 3000) return [bytes]
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(most)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}
