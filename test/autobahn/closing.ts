/** Autobahn's category 7: how a connection is closed, with which codes and reasons, and what comes after a close. */
import {
  type Case,
  closeFrame,
  fragmented,
  frame,
  INVALID_PAYLOAD,
  NORMAL,
  Op,
  outcome,
  PROTOCOL_ERROR,
  steps,
} from './case.ts'
import { KOSME } from './sequences.ts'

const HELLO = 'Hello World!'
const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
const INVALID = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]
const UNDEFINED = [5000, 65_535]
const LONG_BYTES = 256 * 1024

/** We close by these frames, and the server answers with one of `codes`. */
function closing(id: string, writes: readonly Buffer[], codes: readonly number[] = [NORMAL], isClean = true): Case {
  return { id, steps: steps(writes), ok: [], closedBy: 'said', codes, isClean }
}

/** An invalid close frame: the server answers with an error code or drops the connection. */
const wrong = (id: string, write: Buffer, codes = [PROTOCOL_ERROR]) => closing(id, [write], codes, false)

const close = closeFrame(NORMAL)
const [begun, ended] = fragmented(Op.text, ['fragment1', 'fragment2']) as [Buffer, Buffer]

/** The close stands right behind much text: whether that is echoed first is left to the server. */
const longThenClose: Case = {
  ...closing('7.1.6', [
    frame(Op.text, 'BAsd7&jh23'.repeat(LONG_BYTES / 10 + 1).slice(0, LONG_BYTES)),
    frame(Op.text, HELLO),
    close,
    frame(Op.ping),
  ]),
  isInformational: true,
}

export const closings: readonly Case[] = [
  {
    ...closing('7.1.1', [frame(Op.text, HELLO)]),
    ok: [outcome(Op.text, HELLO)],
    closedBy: 'us',
  },
  closing('7.1.2', [close, frame(Op.close)]),
  closing('7.1.3', [close, frame(Op.ping)]),
  closing('7.1.4', [close, frame(Op.text, HELLO)]),
  closing('7.1.5', [begun, close, ended]),
  longThenClose,
  closing('7.3.1', [closeFrame()], [NORMAL]),
  wrong('7.3.2', frame(Op.close, 'a')),
  closing('7.3.3', [close]),
  closing('7.3.4', [closeFrame(NORMAL, HELLO)]),
  closing('7.3.5', [closeFrame(NORMAL, '*'.repeat(123))]),
  wrong('7.3.6', closeFrame(NORMAL, '*'.repeat(124))),
  wrong('7.5.1', closeFrame(NORMAL, Buffer.from(`${KOSME}eda080656469746564`, 'hex')), [
    PROTOCOL_ERROR,
    INVALID_PAYLOAD,
  ]),
  ...VALID.map((code, index) => closing(`7.7.${index + 1}`, [closeFrame(code)], [NORMAL, code])),
  ...INVALID.map((code, index) => wrong(`7.9.${index + 1}`, closeFrame(code))),
  ...UNDEFINED.map((code, index) => ({
    ...wrong(`7.13.${index + 1}`, closeFrame(code), [NORMAL, code, PROTOCOL_ERROR]),
    isInformational: true,
  })),
]
