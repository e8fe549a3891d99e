/** The limits of a range of a sorted set: of scores (`5`, `(5`, `-inf`), of bytes (`[a`, `(a`, `-`, `+`). */
import { CommandError } from '../answer.ts'
import type { Scored } from '../sorted-set.ts'

export type Fits = (each: Scored) => boolean

export function scoreLimits(from: string, to: string): Fits {
  const [least, most] = [scoreLimit(from), scoreLimit(to)]
  return ({ score }) =>
    (least.isOpen ? score > least.score : score >= least.score) &&
    (most.isOpen ? score < most.score : score <= most.score)
}

export function byteLimits(from: string, to: string): Fits {
  const [least, most] = [byteLimit(from), byteLimit(to)]
  const isAbove = ({ member }: Scored) =>
    least.at === 'least' || (least.at !== 'most' && (least.isOpen ? member > least.text : member >= least.text))
  const isBelow = ({ member }: Scored) =>
    most.at === 'most' || (most.at !== 'least' && (most.isOpen ? member < most.text : member <= most.text))
  return (each) => isAbove(each) && isBelow(each)
}

function scoreLimit(text: string): { score: number; isOpen: boolean } {
  const isOpen = text.startsWith('(')
  const number = isOpen ? text.slice(1) : text
  if (/^[+-]?inf(inity)?$/i.test(number))
    return { score: number.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, isOpen }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) throw new CommandError('ERR min or max is not a float')
  return { score: Number(number), isOpen }
}

interface ByteLimit {
  readonly at: 'least' | 'most' | 'text'
  readonly text: string
  readonly isOpen: boolean
}

function byteLimit(text: string): ByteLimit {
  if (text === '-') return { at: 'least', text: '', isOpen: false }
  if (text === '+') return { at: 'most', text: '', isOpen: false }
  if (!/^[[(]/.test(text)) throw new CommandError('ERR min or max not valid string range item')
  return { at: 'text', text: text.slice(1), isOpen: text.startsWith('(') }
}
