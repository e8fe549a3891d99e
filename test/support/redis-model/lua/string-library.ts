/** The `string` of Lua 5.1. */
import { integerOf, numberOf, stringOf } from './arguments.ts'
import { format } from './format.ts'
import { numberText } from './numbers.ts'
import { Pattern } from './patterns.ts'
import { first, LuaError, type LuaFunction, type LuaResult, LuaTable, type LuaValue } from './table.ts'

export const STRING: Record<string, LuaFunction> = {
  sub(text, from, to) {
    const whole = stringOf(text, 1, 'sub')
    const start = place(integerOf(from, 2, 'sub'), whole.length)
    const end = to === undefined ? whole.length : place(integerOf(to, 3, 'sub'), whole.length)
    return whole.slice(Math.max(start, 1) - 1, Math.max(end, 0))
  },
  len: (text) => stringOf(text, 1, 'len').length,
  // Bytes: only letters of ASCII change.
  lower: (text) => stringOf(text, 1, 'lower').replace(/[A-Z]+/g, (found) => found.toLowerCase()),
  upper: (text) => stringOf(text, 1, 'upper').replace(/[a-z]+/g, (found) => found.toUpperCase()),
  rep: (text, count) => stringOf(text, 1, 'rep').repeat(Math.max(0, integerOf(count, 2, 'rep'))),
  reverse: (text) => [...stringOf(text, 1, 'reverse')].reverse().join(''),
  char: (...codes) =>
    String.fromCharCode(...codes.map((code, index) => byte(integerOf(code, index + 1, 'char'), index))),
  byte(text, from, to) {
    const whole = stringOf(text, 1, 'byte')
    const start = Math.max(1, place(from === undefined ? 1 : integerOf(from, 2, 'byte'), whole.length))
    const end = Math.min(to === undefined ? start : place(integerOf(to, 3, 'byte'), whole.length), whole.length)
    if (start === end) return whole.charCodeAt(start - 1)
    const codes: number[] = []
    for (let at = start; at <= end; at += 1) codes.push(whole.charCodeAt(at - 1))
    return codes
  },
  format: (pattern, ...values) => format(stringOf(pattern, 1, 'format'), values),
  find: (text, pattern, from, isPlain) => find(text, pattern, from, isPlain !== undefined && isPlain !== false),
  match(text, pattern, from) {
    const whole = stringOf(text, 1, 'match')
    const found = search(whole, stringOf(pattern, 2, 'match'), begin(from, whole, 'match'))
    return found ? several(found.pattern.captures(found.start, found.end, true)) : undefined
  },
  gmatch(text, pattern) {
    const whole = stringOf(text, 1, 'gmatch')
    const matcher = new Pattern(whole, stringOf(pattern, 2, 'gmatch'))
    let at = 0
    return () => {
      for (; at <= whole.length; at += 1) {
        const end = matcher.match(at, 0)
        if (end === -1) continue
        const start = at
        at = end === start ? end + 1 : end
        return several(matcher.captures(start, end, true))
      }
      return undefined
    }
  },
  gsub(text, pattern, by, most) {
    const [whole, sought] = [stringOf(text, 1, 'gsub'), stringOf(pattern, 2, 'gsub')]
    const limit = most === undefined ? whole.length + 1 : integerOf(most, 4, 'gsub')
    const matcher = new Pattern(whole, sought)
    const from = sought.startsWith('^') ? 1 : 0
    let [made, at, count] = ['', 0, 0]
    while (count < limit) {
      const end = matcher.match(at, from)
      if (end !== -1) {
        count += 1
        made += replaced(matcher, at, end, by, whole)
      }
      if (end > at) at = end
      else if (at < whole.length) {
        made += whole[at]
        at += 1
      } else break
      if (from === 1) break
    }
    return [made + whole.slice(at), count]
  },
}

function find(text: LuaValue, pattern: LuaValue, from: LuaValue, isPlain: boolean): LuaResult {
  const whole = stringOf(text, 1, 'find')
  const sought = stringOf(pattern, 2, 'find')
  const start = begin(from, whole, 'find')
  if (isPlain || !/[\^$*+?.([%-]/.test(sought)) {
    const at = whole.indexOf(sought, start)
    return at === -1 ? undefined : [at + 1, at + sought.length]
  }
  const found = search(whole, sought, start)
  return found ? [found.start + 1, found.end, ...found.pattern.captures(found.start, found.end, false)] : undefined
}

/** Punctuation that means something at the beginning of a pattern. */
const SPECIAL = /^[\^$(%.[]/

function search(
  text: string,
  sought: string,
  from: number,
): { pattern: Pattern; start: number; end: number } | undefined {
  const pattern = new Pattern(text, sought)
  const isAnchored = sought.startsWith('^')
  // A plain character at the beginning: the places where it stands are found faster.
  const plain = SPECIAL.test(sought) || /[*?-]/.test(sought[1] ?? '') ? undefined : sought[0]
  for (let start = from; start <= text.length; start += 1) {
    if (plain !== undefined) {
      start = text.indexOf(plain, start)
      if (start === -1) return undefined
    }
    const end = pattern.match(start, isAnchored ? 1 : 0)
    if (end !== -1) return { pattern, start, end }
    if (isAnchored) return undefined
  }
  return undefined
}

function replaced(matcher: Pattern, start: number, end: number, by: LuaValue, whole: string): string {
  let value: LuaValue
  if (typeof by === 'function') {
    value = first(by(...matcher.captures(start, end, true)))
  } else if (by instanceof LuaTable) value = by.get(matcher.capture(0, start, end))
  else {
    const text = stringOf(by, 3, 'gsub')
    return text.replace(/%(.)/gs, (_, next: string) => {
      if (next === '0') return whole.slice(start, end)
      return /\d/.test(next) ? stringOf(matcher.capture(Number(next) - 1, start, end), 3, 'gsub') : next
    })
  }
  if (value === undefined || value === false) return whole.slice(start, end)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return value
  throw new LuaError('invalid replacement value')
}

/** A place counted from 1; a negative one from the end. */
function place(at: number, length: number): number {
  return at >= 0 ? at : Math.max(0, length + at + 1)
}

/** From where a search begins, counted from 0. */
function begin(from: LuaValue, text: string, name: string): number {
  if (from === undefined) return 0
  const at = place(numberOf(from, 3, name), text.length) - 1
  return Math.min(Math.max(0, at), text.length)
}

function byte(code: number, index: number): number {
  if (code >= 0 && code <= 255) return code
  throw new LuaError(`bad argument #${index + 1} to 'char' (invalid value)`)
}

function several(values: LuaValue[]): LuaResult {
  return values.length === 1 ? values[0] : values
}
