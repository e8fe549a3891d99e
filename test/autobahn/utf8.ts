/** Autobahn's category 6: text that is UTF-8, text that is not, and how soon a server notices. */
import {
  answered,
  type Case,
  failed,
  fragmented,
  fragmentedText,
  frame,
  INVALID_PAYLOAD,
  Op,
  outcome,
  type Step,
} from './case.ts'
import { GROUPS, KOSME, PREFIX_ENDS } from './sequences.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const GERMAN = ['Hello-µ@ßöä', 'üàá-UTF-8!!'] as const
const WHOLE = Buffer.from(GERMAN.join(''))
/** A surrogate in the middle. */
const BROKEN = hex(`${KOSME}eda080656469746564`)

const good = (id: string, payload: Buffer, writes = [frame(Op.text, payload)]) =>
  answered(id, writes, [outcome(Op.text, payload)])
const bad = (id: string, payload: Buffer, writes = [frame(Op.text, payload)]) =>
  failed(id, writes, { code: INVALID_PAYLOAD })

/** Three pieces, the second of which can be no UTF-8 any more: a quick server closes before the third. */
function failFast(id: string, pieces: readonly [Buffer, Buffer, Buffer], inFrames: boolean): Case {
  const whole = frame(Op.text, Buffer.concat(pieces))
  const head = whole.length - Buffer.concat(pieces).length
  const [one, two] = [head + pieces[0].length, head + pieces[0].length + pieces[1].length]
  const writes = inFrames
    ? fragmented(Op.text, pieces)
    : [whole.subarray(0, one), whole.subarray(one, two), whole.subarray(two)]
  const look: Step = { stillOpen: inFrames ? 'ping' : 'wait' }
  const [first, second, third] = writes.map((write): Step => ({ write })) as [Step, Step, Step]
  return {
    ...failed(id, writes, { code: INVALID_PAYLOAD }),
    steps: [first, look, second, look, third],
    ok: ['open'],
    nonStrict: ['open', 'open'],
  }
}

const KOSME_BYTES = hex(KOSME)
/** Beyond U+10FFFF: the 13th byte makes it invalid. */
const BEYOND = hex('f4908080')
const EDITED = hex('656469746564')
const AFTER_12 = [
  Buffer.concat([KOSME_BYTES, BEYOND.subarray(0, 1)]),
  BEYOND.subarray(1, 2),
  Buffer.concat([BEYOND.subarray(2), EDITED]),
] as const

const sequences: Case[] = GROUPS.flatMap(({ valid = [], invalid = [], title }, index) => {
  const id = (number: number) => `6.${5 + index}.${number + 1}`
  if (title === 'prefixes of a word') {
    return Array.from({ length: KOSME_BYTES.length }, (_, number) => {
      const prefix = KOSME_BYTES.subarray(0, number + 1)
      return PREFIX_ENDS.has(number + 1) ? good(id(number), prefix) : bad(id(number), prefix)
    })
  }
  return [
    ...valid.map((text, number) => good(id(number), hex(text))),
    ...invalid.map((text, number) => bad(id(valid.length + number), hex(text))),
  ]
})

export const utf8: readonly Case[] = [
  good('6.1.1', Buffer.alloc(0)),
  good('6.1.2', Buffer.alloc(0), fragmented(Op.text, ['', '', ''])),
  good('6.1.3', Buffer.from('middle frame payload'), fragmented(Op.text, ['', 'middle frame payload', ''])),
  good('6.2.1', WHOLE),
  good('6.2.2', WHOLE, fragmented(Op.text, GERMAN)),
  good('6.2.3', WHOLE, fragmentedText(WHOLE, 1)),
  good('6.2.4', KOSME_BYTES, fragmentedText(KOSME_BYTES, 1)),
  bad('6.3.1', BROKEN),
  bad('6.3.2', BROKEN, fragmentedText(BROKEN, 1)),
  failFast('6.4.1', [KOSME_BYTES, BEYOND, EDITED], true),
  failFast('6.4.2', AFTER_12, true),
  failFast('6.4.3', [KOSME_BYTES, BEYOND, EDITED], false),
  failFast('6.4.4', AFTER_12, false),
  ...sequences,
]
