/** The operators of Lua, as compiled scripts call them (`expressions.ts`): numbers and strings fast, errors as Lua has. */
import { numberText, textNumber } from './numbers.ts'
import { first, isMany, LuaError, type LuaResult, LuaTable, type LuaValue, typeOf } from './table.ts'

type Arithmetic = (a: LuaValue, b: LuaValue) => number

/** What a compiled script needs beside its globals. `methods`: what a string answers to. */
export interface Operators {
  readonly add: Arithmetic
  readonly sub: Arithmetic
  readonly mul: Arithmetic
  readonly div: Arithmetic
  readonly mod: Arithmetic
  readonly pow: Arithmetic
  readonly neg: (a: LuaValue) => number
  readonly less: (a: LuaValue, b: LuaValue) => boolean
  readonly lessEqual: (a: LuaValue, b: LuaValue) => boolean
  readonly more: (a: LuaValue, b: LuaValue) => boolean
  readonly moreEqual: (a: LuaValue, b: LuaValue) => boolean
  readonly concat: (a: LuaValue, b: LuaValue) => string
  readonly length: (a: LuaValue) => number
  readonly index: (of: LuaValue, key: LuaValue) => LuaValue
  readonly assign: (of: LuaValue, key: LuaValue, value: LuaValue) => void
  readonly callable: (value: LuaValue, what: string) => (...args: LuaValue[]) => LuaResult
  readonly first: (result: LuaResult) => LuaValue
  readonly all: (result: LuaResult) => readonly LuaValue[]
  /** A table made of a list, which it keeps, and of keys and values by turns. */
  readonly table: (list: LuaValue[], pairs: readonly LuaValue[]) => LuaTable
  readonly bound: (value: LuaValue, what: string) => number
  /** What a function returns that returns nothing. */
  readonly none: readonly LuaValue[]
  readonly fail: (message: string) => never
}

export function operators(methods: LuaTable): Operators {
  return {
    add: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : operand(a) + operand(b)),
    sub: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : operand(a) - operand(b)),
    mul: (a, b) => operand(a) * operand(b),
    div: (a, b) => operand(a) / operand(b),
    mod: (a, b) => modulo(operand(a), operand(b)),
    pow: (a, b) => operand(a) ** operand(b),
    neg: (a) => -operand(a),
    less,
    lessEqual,
    more: (a, b) => less(b, a),
    moreEqual: (a, b) => lessEqual(b, a),
    concat: (a, b) => text(a) + text(b),
    length(a) {
      if (typeof a === 'string' || a instanceof LuaTable) return a.length
      throw new LuaError(`attempt to get length of a ${typeOf(a)} value`)
    },
    index(of, key) {
      if (of instanceof LuaTable) return of.get(key)
      if (typeof of === 'string') return methods.get(key)
      throw new LuaError(`attempt to index a ${typeOf(of)} value (key '${String(key)}')`)
    },
    assign(of, key, value) {
      if (!(of instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeOf(of)} value`)
      of.set(key, value)
    },
    callable(value, what) {
      if (typeof value === 'function') return value
      throw new LuaError(`attempt to call '${what}' (a ${typeOf(value)} value)`)
    },
    first,
    all: (result) => (isMany(result) ? result : [result]),
    table(list, pairs) {
      while (list.length > 0 && list.at(-1) === undefined) list.pop()
      const made = new LuaTable(list)
      for (let at = 0; at < pairs.length; at += 2) made.set(pairs[at], pairs[at + 1])
      return made
    },
    bound(value, what) {
      const number = typeof value === 'string' ? textNumber(value) : value
      if (typeof number === 'number') return number
      throw new LuaError(`'for' ${what} must be a number`)
    },
    none: [],
    fail(message) {
      throw new LuaError(message)
    },
  }
}

function operand(value: LuaValue): number {
  if (typeof value === 'number') return value
  const number = typeof value === 'string' ? textNumber(value) : undefined
  if (number === undefined) throw new LuaError(`attempt to perform arithmetic on a ${typeOf(value)} value`)
  return number
}

function less(a: LuaValue, b: LuaValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b
  if (typeof a === 'string' && typeof b === 'string') return a < b
  throw new LuaError(`attempt to compare ${typeOf(a)} with ${typeOf(b)}`)
}

function lessEqual(a: LuaValue, b: LuaValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a <= b
  if (typeof a === 'string' && typeof b === 'string') return a <= b
  throw new LuaError(`attempt to compare ${typeOf(a)} with ${typeOf(b)}`)
}

function text(value: LuaValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  throw new LuaError(`attempt to concatenate a ${typeOf(value)} value`)
}

/** `a - floor(a / b) * b`, as Lua 5.1 computes it. */
function modulo(a: number, b: number): number {
  return a - Math.floor(a / b) * b
}
