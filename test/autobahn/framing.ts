/** Autobahn's categories 1 to 4: sizes of messages, pings and pongs, reserved bits, reserved opcodes; and case 10.1.1. */
import { answered, type Case, closeFrame, failed, fragmentedText, frame, NORMAL, Op, outcome, steps } from './case.ts'

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536]
const CHOP_BYTES = 997
const HELLO = 'Hello, world!'
const BYTES = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])
const UNASKED = 'unsolicited pong payload'

function echoed(id: string, opcode: number, byte: number, size: number, chopBytes?: number): Case {
  const payload = Buffer.alloc(size, byte)
  return answered(id, [frame(opcode, payload)], [outcome(opcode, payload)], chopBytes)
}

const sizes: Case[] = [
  { part: '1.1', opcode: Op.text, byte: 0x2a },
  { part: '1.2', opcode: Op.binary, byte: 0xfe },
].flatMap(({ part, opcode, byte }) => [
  ...SIZES.map((size, index) => echoed(`${part}.${index + 1}`, opcode, byte, size)),
  echoed(`${part}.8`, opcode, byte, 65_536, CHOP_BYTES),
])

function ponged(id: string, payload: string | Uint8Array, chopBytes?: number): Case {
  return answered(id, [frame(Op.ping, payload)], [outcome(Op.pong, payload)], chopBytes)
}

/** A pong nobody asked for gets no answer: we close at once, and nothing but the close may come. */
function unasked(id: string, payload: string): Case {
  const write = [frame(Op.pong, payload), closeFrame(NORMAL)]
  return { id, steps: steps(write), ok: [], closedBy: 'said', codes: [NORMAL], isClean: true }
}

function tenPings(id: string, chopBytes?: number): Case {
  const payloads = Array.from({ length: 10 }, (_, number) => `payload-${number}`)
  const pings = payloads.map((payload) => frame(Op.ping, payload))
  const pongs = payloads.map((payload) => outcome(Op.pong, payload))
  return answered(id, pings, pongs, chopBytes)
}

const pings: Case[] = [
  ponged('2.1', ''),
  ponged('2.2', HELLO),
  ponged('2.3', BYTES),
  ponged('2.4', Buffer.alloc(125, 0xfe)),
  failed('2.5', [frame(Op.ping, Buffer.alloc(126, 0xfe))]),
  ponged('2.6', Buffer.alloc(125, 0xfe), 1),
  unasked('2.7', ''),
  unasked('2.8', UNASKED),
  answered('2.9', [frame(Op.pong, UNASKED), frame(Op.ping, 'ping payload')], [outcome(Op.pong, 'ping payload')]),
  tenPings('2.10'),
  tenPings('2.11', 1),
]

/** A good message, then a frame that must not be, then a ping that must not be answered any more. */
function afterHello(id: string, bad: Buffer, how: { chopBytes?: number; isFramewise?: boolean } = {}): Case {
  return failed(id, [frame(Op.text, HELLO), bad, frame(Op.ping)], { before: [outcome(Op.text, HELLO)], ...how })
}

const reservedBits: Case[] = [
  failed('3.1', [frame(Op.text, HELLO, { rsv: 1 })]),
  afterHello('3.2', frame(Op.text, HELLO, { rsv: 2 })),
  afterHello('3.3', frame(Op.text, HELLO, { rsv: 3 }), { isFramewise: true }),
  afterHello('3.4', frame(Op.text, HELLO, { rsv: 4 }), { chopBytes: 1 }),
  failed('3.5', [frame(Op.binary, BYTES, { rsv: 5 })]),
  failed('3.6', [frame(Op.ping, HELLO, { rsv: 6 })]),
  failed('3.7', [frame(Op.close, '', { rsv: 7 })]),
]

const opcodes: Case[] = [
  { part: '4.1', first: 3 },
  { part: '4.2', first: 11 },
].flatMap(({ part, first }) => [
  failed(`${part}.1`, [frame(first)]),
  failed(`${part}.2`, [frame(first + 1, 'reserved opcode payload')]),
  afterHello(`${part}.3`, frame(first + 2)),
  afterHello(`${part}.4`, frame(first + 3, HELLO)),
  afterHello(`${part}.5`, frame(first + 4, HELLO), { chopBytes: 1 }),
])

const long = Buffer.alloc(65_536, 0x2a)
const inPieces = answered('10.1.1', fragmentedText(long, 1300), [outcome(Op.text, long)])

export const framing: readonly Case[] = [...sizes, ...pings, ...reservedBits, ...opcodes, inPieces]
