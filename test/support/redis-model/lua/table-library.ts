/** The `table` of Lua 5.1. */
import { integerOf, tableOf } from './arguments.ts'
import { numberText } from './numbers.ts'
import { first, LuaError, type LuaFunction, type LuaResult, type LuaValue, typeOf } from './table.ts'

export const TABLE: Record<string, LuaFunction> = {
  concat(value, separator, from, to) {
    const table = tableOf(value, 1, 'concat')
    const between = separator === undefined ? '' : textOf(separator, 'separator')
    const end = to === undefined ? table.length : integerOf(to, 4, 'concat')
    const texts: string[] = []
    for (let at = from === undefined ? 1 : integerOf(from, 3, 'concat'); at <= end; at += 1)
      texts.push(textOf(table.get(at), `at index ${at} in table for 'concat'`))
    return texts.join(between)
  },
  insert(...args) {
    const table = tableOf(args[0], 1, 'insert')
    if (args.length === 2) {
      table.set(table.length + 1, args[1])
      return []
    }
    if (args.length !== 3) throw new LuaError("wrong number of arguments to 'insert'")
    const at = integerOf(args[1], 2, 'insert')
    for (let index = Math.max(table.length + 1, at); index > at; index -= 1) table.set(index, table.get(index - 1))
    table.set(at, args[2])
    return []
  },
  remove(value, place) {
    const table = tableOf(value, 1, 'remove')
    const end = table.length
    const at = place === undefined ? end : integerOf(place, 2, 'remove')
    if (at < 1 || at > end) return []
    const removed = table.get(at)
    for (let index = at; index < end; index += 1) table.set(index, table.get(index + 1))
    table.set(end, undefined)
    return removed
  },
  sort(value, order) {
    const { list } = tableOf(value, 1, 'sort')
    const less = typeof order === 'function' ? (a: LuaValue, b: LuaValue) => isTrue(order(a, b)) : before
    list.sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0))
    return []
  },
  maxn(value) {
    let most = 0
    for (const [key] of tableOf(value, 1, 'maxn').entries()) if (typeof key === 'number') most = Math.max(most, key)
    return most
  },
  getn: (value) => tableOf(value, 1, 'getn').length,
}

function textOf(value: LuaValue, what: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  throw new LuaError(`invalid value (${typeOf(value)}) ${what}`)
}

function before(a: LuaValue, b: LuaValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b
  if (typeof a === 'string' && typeof b === 'string') return a < b
  throw new LuaError(`attempt to compare ${typeOf(a)} with ${typeOf(b)}`)
}

function isTrue(result: LuaResult): boolean {
  const value = first(result)
  return value !== undefined && value !== false
}
