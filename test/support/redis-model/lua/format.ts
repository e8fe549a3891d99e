/** `string.format` of Lua 5.1. */
import { bad, numberOf, stringOf } from './arguments.ts'
import { fixed, general } from './numbers.ts'
import { LuaError, type LuaValue } from './table.ts'

export function format(pattern: string, values: readonly LuaValue[]): string {
  // What scripts print most: a whole number.
  if (pattern === '%.0f' && typeof values[0] === 'number' && Number.isSafeInteger(values[0]))
    return String(values[0] + 0)
  let next = 0
  return pattern.replace(/%([-+ #0]*)(\d*)(?:\.(\d*))?(.)?/gs, (_, flags, width, precision, kind) => {
    if (kind === '%') return '%'
    const at = next + 2
    const value = values[next]
    next += 1
    if (next > values.length) throw bad(at, 'format', 'no value')
    const digits = precision === undefined ? undefined : Number(precision)
    return padded(converted(kind, value, digits, at, flags), flags, Number(width || 0), kind)
  })
}

function converted(kind: string, value: LuaValue, digits: number | undefined, at: number, flags: string): string {
  switch (kind) {
    case 's': {
      const text = stringOf(value, at, 'format')
      return digits === undefined ? text : text.slice(0, digits)
    }
    case 'd':
    case 'i':
      return signed(
        String(BigInt(Math.trunc(numberOf(value, at, 'format')))).replace(/^-?/, (sign) => sign),
        digits,
        flags,
      )
    case 'u':
      return signed(String(BigInt.asUintN(64, whole(value, at))), digits, '')
    case 'o':
      return signed(BigInt.asUintN(64, whole(value, at)).toString(8), digits, '')
    case 'x':
      return signed(BigInt.asUintN(64, whole(value, at)).toString(16), digits, '')
    case 'X':
      return signed(BigInt.asUintN(64, whole(value, at)).toString(16).toUpperCase(), digits, '')
    case 'c':
      return String.fromCharCode(numberOf(value, at, 'format') & 255)
    case 'f': {
      const number = numberOf(value, at, 'format')
      if (!Number.isFinite(number)) return general(number, 6)
      return signed(fixed(number, digits ?? 6), undefined, flags)
    }
    case 'g':
      return signed(general(numberOf(value, at, 'format'), digits ?? 6), undefined, flags)
    case 'q':
      return `"${stringOf(value, at, 'format')
        .replace(/["\\\n]/g, '\\$&')
        .replaceAll('\r', '\\r')
        .replaceAll('\0', '\\000')}"`
  }
  throw new LuaError(`invalid option '%${kind ?? ''}' to 'format'`)
}

function whole(value: LuaValue, at: number): bigint {
  return BigInt(Math.trunc(numberOf(value, at, 'format')))
}

function signed(text: string, digits: number | undefined, flags: string): string {
  const isNegative = text.startsWith('-')
  const plain = (isNegative ? text.slice(1) : text).padStart(digits ?? 0, '0')
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + plain
}

function padded(text: string, flags: string, width: number, kind: string): string {
  if (text.length >= width) return text
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0') || kind === 's') return text.padStart(width)
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}
