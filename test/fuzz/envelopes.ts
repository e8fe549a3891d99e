/** Event envelopes made by chance: well-formed ones, ones with hostile values, and texts that are almost JSON. */
import type { Dice } from '../support/random.ts'

const TYPES = [
  'message',
  'rename',
  'typing',
  'welcome',
  'ack',
  '__proto__',
  'constructor',
  'toString',
  '',
  'x'.repeat(300),
]
const KEYS = [
  'text',
  'name',
  'type',
  'data',
  'id',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'then',
  '0',
  '',
  '\u0000',
]
const STRINGS = [
  '',
  'hi',
  '\\ud800',
  '\\udc00\\ud800',
  '茶',
  '😀',
  '\\u0000',
  '<script>',
  '\\u202e',
  'x'.repeat(500),
  '\\"',
  '\\\\',
]
const NUMBERS = [
  '0',
  '-0',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '0.1',
  '1E5',
  '123456789012345678901234567890',
]
const NO_JSON = [
  '',
  '{',
  '[',
  '"',
  'nul',
  '{"type":',
  '{"type":"message",}',
  "{'type':'message'}",
  '\ufeff{}',
  '[,]',
  'NaN',
  '01',
]

/** The text of an envelope. */
export function envelope(random: Dice): string {
  const kind = random.below(20)
  if (kind === 0) return random.pick(NO_JSON)
  if (kind === 1) return random.pick(['[', '{"a":', ',', ':', '"', ']', '}']).repeat(1 + random.below(3000))
  if (kind === 2) return value(random, 0)
  if (kind === 3) return nested(random)
  if (kind === 4) return `{${members(random, 200)}}`
  const type = random.oneIn(4) ? value(random, 3) : JSON.stringify(random.oneIn(3) ? random.pick(TYPES) : 'message')
  const data = random.oneIn(2) ? `{"text":${string(random)}}` : value(random, 0)
  const id = random.oneIn(3) ? `,"id":${random.oneIn(4) ? value(random, 3) : `"${random.below(1000)}"`}` : ''
  const more = random.oneIn(8) ? `,${members(random, 4)}` : ''
  return `{"type":${type},"data":${data}${id}${more}}`
}

function value(random: Dice, depth: number): string {
  const kind = random.below(depth > 4 ? 4 : 7)
  if (kind === 0) return random.pick(NUMBERS)
  if (kind === 1) return random.pick(['true', 'false', 'null'])
  if (kind < 4) return string(random)
  if (kind === 4) return `[${Array.from({ length: random.below(5) }, () => value(random, depth + 1)).join()}]`
  return `{${members(random, random.below(5), depth + 1)}}`
}

function members(random: Dice, count: number, depth = 4): string {
  const one = () => `"${random.oneIn(3) ? random.pick(KEYS) : `k${random.below(1000)}`}":${value(random, depth)}`
  return Array.from({ length: count }, one).join()
}

function nested(random: Dice): string {
  const depth = 1 + random.below(random.oneIn(4) ? 5000 : 120)
  const [start, end] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
    ['[{"constructor":', '}]'],
  ] as const)
  return `{"type":"message","data":${start.repeat(depth)}1${end.repeat(depth)}}`
}

function string(random: Dice): string {
  return `"${random.pick(STRINGS)}"`
}
