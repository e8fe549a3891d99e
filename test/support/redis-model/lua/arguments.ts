/** The arguments of Lua's own functions, checked as Lua checks them. */
import { numberText, textNumber } from './numbers.ts'
import { LuaError, LuaTable, type LuaValue, typeOf } from './table.ts'

export function stringOf(value: LuaValue, at: number, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  throw bad(at, name, `string expected, got ${shown(value)}`)
}

export function numberOf(value: LuaValue, at: number, name: string): number {
  if (typeof value === 'number') return value
  const number = typeof value === 'string' ? textNumber(value) : undefined
  if (number === undefined) throw bad(at, name, `number expected, got ${shown(value)}`)
  return number
}

/** A whole number: the rest is cut off. */
export function integerOf(value: LuaValue, at: number, name: string): number {
  return Math.trunc(numberOf(value, at, name))
}

export function tableOf(value: LuaValue, at: number, name: string): LuaTable {
  if (value instanceof LuaTable) return value
  throw bad(at, name, `table expected, got ${shown(value)}`)
}

export function bad(at: number, name: string, why: string): LuaError {
  return new LuaError(`bad argument #${at} to '${name}' (${why})`)
}

function shown(value: LuaValue): string {
  return value === undefined ? 'no value' : typeOf(value)
}
