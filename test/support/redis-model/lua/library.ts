/** The globals of a script beside `redis`: what Redis 7 gives of Lua's own functions. */
import { bad, integerOf, numberOf, stringOf, tableOf } from './arguments.ts'
import { numberText, textNumber } from './numbers.ts'
import { STRING } from './string-library.ts'
import { STRUCT } from './struct-library.ts'
import { isMany, LuaError, type LuaFunction, type LuaResult, LuaTable, type LuaValue, typeOf } from './table.ts'
import { TABLE } from './table-library.ts'

/** By path: `tonumber`, `string.sub`. */
export function library(): Map<string, LuaValue> {
  const found = new Map<string, LuaValue>(Object.entries(BASE))
  for (const [name, functions] of Object.entries({ string: STRING, table: TABLE, math: MATH, struct: STRUCT })) {
    found.set(name, tableWith(functions))
    for (const [key, value] of Object.entries(functions)) found.set(`${name}.${key}`, value)
  }
  return found
}

export function tableWith(values: Record<string, LuaValue>): LuaTable {
  const made = new LuaTable()
  for (const [key, value] of Object.entries(values)) made.set(key, value)
  return made
}

const BASE: Record<string, LuaFunction> = {
  type: (value) => typeOf(value),
  tostring: (value) => toText(value),
  tonumber(value, base) {
    if (base === undefined || base === 10) {
      if (typeof value === 'number') return value
      return typeof value === 'string' ? textNumber(value) : undefined
    }
    const digits = stringOf(value, 1, 'tonumber').trim().toLowerCase()
    const radix = integerOf(base, 2, 'tonumber')
    if (radix < 2 || radix > 36) throw bad(2, 'tonumber', 'base out of range')
    const isNumber = digits !== '' && [...digits].every((digit) => Number.parseInt(digit, 36) < radix)
    return isNumber ? Number.parseInt(digits, radix) : undefined
  },
  pairs(value) {
    const entries = tableOf(value, 1, 'pairs').entries()[Symbol.iterator]()
    return () => {
      const { done, value: entry } = entries.next()
      return done ? undefined : entry
    }
  },
  ipairs(value) {
    const table = tableOf(value, 1, 'ipairs')
    let at = 0
    return () => {
      at += 1
      const found = table.get(at)
      return found === undefined ? undefined : [at, found]
    }
  },
  next(value, key) {
    let isNext = key === undefined
    for (const entry of tableOf(value, 1, 'next').entries()) {
      if (isNext) return entry
      isNext = entry[0] === key
    }
    return undefined
  },
  select(which, ...values) {
    if (which === '#') return values.length
    const at = integerOf(which, 1, 'select')
    if (at === 0) throw bad(1, 'select', 'index out of range')
    return at < 0 ? values.slice(at) : values.slice(at - 1)
  },
  unpack(value, from, to) {
    const table = tableOf(value, 1, 'unpack')
    const start = from === undefined ? 1 : integerOf(from, 2, 'unpack')
    const end = to === undefined ? table.length : integerOf(to, 3, 'unpack')
    if (start === 1 && end === table.length) return table.list
    return Array.from({ length: Math.max(0, end - start + 1) }, (_, index) => table.get(start + index))
  },
  error(value) {
    throw new LuaError(value)
  },
  assert(value, message, ...rest) {
    if (value !== undefined && value !== false) return [value, message, ...rest]
    throw new LuaError(message === undefined ? 'assertion failed!' : message)
  },
  pcall(called, ...values) {
    try {
      if (typeof called !== 'function') throw new LuaError(`attempt to call a ${typeOf(called)} value`)
      const result: LuaResult = called(...values)
      return isMany(result) ? [true, ...result] : [true, result]
    } catch (error) {
      const value = thrown(error)
      const text = value instanceof LuaTable ? value.get('err') : undefined
      // Redis' own `pcall` returns the text of such an error.
      return [false, typeof text === 'string' ? text : value]
    }
  },
}

const MATH: Record<string, LuaValue> = {
  pi: Math.PI,
  huge: Number.POSITIVE_INFINITY,
  floor: (value) => Math.floor(numberOf(value, 1, 'floor')),
  ceil: (value) => Math.ceil(numberOf(value, 1, 'ceil')),
  abs: (value) => Math.abs(numberOf(value, 1, 'abs')),
  sqrt: (value) => Math.sqrt(numberOf(value, 1, 'sqrt')),
  max: (...values) => values.map((value, at) => numberOf(value, at + 1, 'max')).reduce((a, b) => (b > a ? b : a)),
  min: (...values) => values.map((value, at) => numberOf(value, at + 1, 'min')).reduce((a, b) => (b < a ? b : a)),
  fmod: (a, b) => numberOf(a, 1, 'fmod') % numberOf(b, 2, 'fmod'),
  pow: (a, b) => numberOf(a, 1, 'pow') ** numberOf(b, 2, 'pow'),
}

/** What was thrown, as `pcall` returns it. An error of the model itself goes on. */
export function thrown(error: unknown): LuaValue {
  if (error instanceof LuaError) return error.value
  if (error instanceof RangeError) return 'stack overflow'
  throw error
}

function toText(value: LuaValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  if (value === undefined) return 'nil'
  if (typeof value === 'boolean') return String(value)
  throw new LuaError(`a ${typeOf(value)} as text has an address in it: no script should need it`)
}
