/** Autobahn's category 5: messages in pieces, with control frames between, and pieces that belong to nothing. */
import { answered, type Case, failed, fragmented, frame, NORMAL, Op, outcome, type Step } from './case.ts'

const ONE = 'fragment1'
const TWO = 'fragment2'
const PING = 'ping payload'
const STRAY = 'non-continuation payload'
const HELLO = 'Hello, world!'

/** How the bytes are cut on their way: all at once, a frame a packet, a byte a packet. */
type Cut = 'whole' | 'frames' | 'bytes'

function whole(id: string, writes: readonly Buffer[], answers: readonly string[], cut: Cut): Case {
  const row = answered(id, writes, answers, cut === 'bytes' ? 1 : undefined)
  return cut === 'frames' ? { ...row, steps: writes.map((write) => ({ write })) } : row
}

/** A message in two pieces, with a ping between or without one. */
function inTwo(id: string, cut: Cut, withPing: boolean): Case {
  const [first, last] = fragmented(Op.text, [ONE, TWO]) as [Buffer, Buffer]
  const message = outcome(Op.text, ONE + TWO)
  if (!withPing) return whole(id, [first, last], [message], cut)
  return whole(id, [first, frame(Op.ping, PING), last], [outcome(Op.pong, PING), message], cut)
}

/** A piece that continues nothing, then a good message. */
function stray(id: string, isFinal: boolean, cut: Cut): Case {
  const writes = [frame(Op.continuation, STRAY, { isFinal }), frame(Op.text, HELLO)]
  return failed(id, writes, { chopBytes: cut === 'bytes' ? 1 : 0, isFramewise: cut === 'frames' })
}

function strayTwice(id: string, isFinal: boolean): Case {
  const once = [frame(Op.continuation, ONE, { isFinal }), ...fragmented(Op.text, [TWO, 'fragment3'])]
  return failed(id, [...once, ...once])
}

/** Five pieces with a ping after the second and the fourth; the first ping is answered before the rest is sent. */
function fivePieces(id: string, isFramewise: boolean): Case {
  const texts = [1, 2, 3, 4, 5].map((number) => `fragment${number}`)
  const [a, b, c, d, e] = fragmented(Op.text, texts) as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const writes = (frames: Buffer[]): Step[] =>
    isFramewise ? frames.map((write) => ({ write })) : [{ write: Buffer.concat(frames) }]
  return {
    id,
    steps: [
      ...writes([a, b, frame(Op.ping, 'pongme 1!')]),
      { until: 1 },
      ...writes([c, d, frame(Op.ping, 'pongme 2!'), e]),
    ],
    ok: [outcome(Op.pong, 'pongme 1!'), outcome(Op.pong, 'pongme 2!'), outcome(Op.text, texts.join(''))],
    closedBy: 'us',
    codes: [NORMAL],
    isClean: true,
  }
}

export const fragments: readonly Case[] = [
  failed('5.1', fragmented(Op.ping, [ONE, TWO])),
  failed('5.2', fragmented(Op.pong, [ONE, TWO])),
  inTwo('5.3', 'whole', false),
  inTwo('5.4', 'frames', false),
  inTwo('5.5', 'bytes', false),
  inTwo('5.6', 'whole', true),
  inTwo('5.7', 'frames', true),
  inTwo('5.8', 'bytes', true),
  stray('5.9', true, 'whole'),
  stray('5.10', true, 'frames'),
  stray('5.11', true, 'bytes'),
  stray('5.12', false, 'whole'),
  stray('5.13', false, 'frames'),
  stray('5.14', false, 'bytes'),
  failed(
    '5.15',
    [
      ...fragmented(Op.text, [ONE, TWO]),
      frame(Op.continuation, 'fragment3', { isFinal: false }),
      frame(Op.text, 'fragment4'),
    ],
    { before: [outcome(Op.text, ONE + TWO)] },
  ),
  strayTwice('5.16', false),
  strayTwice('5.17', true),
  failed('5.18', [frame(Op.text, ONE, { isFinal: false }), frame(Op.text, TWO)]),
  fivePieces('5.19', false),
  fivePieces('5.20', true),
]
