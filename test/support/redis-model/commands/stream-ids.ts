/** The ids of a stream's entries as commands write them: `5-0`, `5`, `-`, `+`, `(5-0`, `5-*`. */
import { CommandError } from '../answer.ts'
import type { Id } from '../stream-node.ts'

/** The highest part of an id in the model. */
export const HIGHEST = Number.MAX_SAFE_INTEGER
export const LOWEST: Id = { ms: 0, seq: 0 }
const INVALID = new CommandError('ERR Invalid stream ID specified as stream command argument')

export function idText({ ms, seq }: Id): string {
  return `${ms}-${seq}`
}

/** An id; `missing`: its second part, if it is left out. */
export function plainId(text: string, missing: number): Id {
  const [, ms = '', seq] = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text) ?? []
  if (ms === '') throw INVALID
  return { ms: part(ms), seq: seq === undefined ? missing : part(seq) }
}

/** The id of an entry that is added. `<ms>-*`: the next of that ms. */
export function added(text: string): Id | { readonly ms: number; readonly seq?: undefined } {
  const open = /^(\d{1,20})-\*$/.exec(text)?.[1]
  return open === undefined ? plainId(text, 0) : { ms: part(open) }
}

/** A limit of a range, included. `step`: where the next id is, if this one is left out by `(`. */
export function limit(text: string, missing: number, step: 1 | -1): Id {
  if (text === '-') return LOWEST
  if (text === '+') return { ms: HIGHEST, seq: HIGHEST }
  if (!text.startsWith('(')) return plainId(text, missing)
  const { ms, seq } = plainId(text.slice(1), missing)
  if (step === 1) {
    if (seq < HIGHEST) return { ms, seq: seq + 1 }
    if (ms === HIGHEST) throw new CommandError('ERR invalid start ID for the interval')
    return { ms: ms + 1, seq: 0 }
  }
  if (seq > 0) return { ms, seq: seq - 1 }
  if (ms === 0) throw new CommandError('ERR invalid end ID for the interval')
  return { ms: ms - 1, seq: HIGHEST }
}

function part(text: string): number {
  if (text.length < 16) return Number(text)
  if (BigInt(text) >= 2n ** 64n) throw INVALID
  if (text === String(2n ** 64n - 1n)) return HIGHEST
  if (Number.isSafeInteger(Number(text))) return Number(text)
  throw new RangeError(`the model has ids up to 2^53, got ${text}`)
}
