/**
 * The values of Lua as the compiled scripts hold them: nil is `undefined`, a string is a JavaScript string of bytes (each
 * character below 256), a number a number, a function a function. A table is a list (1, 2, 3 ...) and a map for the rest.
 */

export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction

/** Several values, or none, come as an array; one value as itself. */
export type LuaResult = LuaValue | readonly LuaValue[]
export type LuaFunction = (...args: LuaValue[]) => LuaResult

export function isMany(result: LuaResult): result is readonly LuaValue[] {
  return Array.isArray(result)
}

/** One value of what a function returned. */
export function first(result: LuaResult): LuaValue {
  return isMany(result) ? result[0] : result
}

export class LuaTable {
  readonly list: LuaValue[]
  #rest: Map<LuaValue, LuaValue> | undefined

  constructor(list: LuaValue[] = []) {
    this.list = list
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number' && key > 0 && key <= this.list.length && Number.isInteger(key))
      return this.list[key - 1]
    return this.#rest?.get(key)
  }

  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === 'number') {
      const { length } = this.list
      if (key > 0 && key <= length && Number.isInteger(key)) {
        this.#replace(key, value)
        return
      }
      if (key === length + 1) {
        this.#append(value)
        return
      }
      if (Number.isNaN(key)) throw new LuaError('table index is NaN')
    }
    if (key === undefined) throw new LuaError('table index is nil')
    if (value === undefined) this.#rest?.delete(key)
    else {
      this.#rest ??= new Map()
      this.#rest.set(key, value)
    }
  }

  /** The border that Lua finds for a list without holes. */
  get length(): number {
    return this.list.length
  }

  /** The list first, then the rest in the order in which it was set. A real Lua has an order of its own. */
  *entries(): Iterable<[LuaValue, LuaValue]> {
    for (const [index, value] of this.list.entries()) if (value !== undefined) yield [index + 1, value]
    if (this.#rest) yield* this.#rest
  }

  #replace(key: number, value: LuaValue): void {
    this.list[key - 1] = value
    if (value !== undefined || key < this.list.length) return
    while (this.list.length > 0 && this.list.at(-1) === undefined) this.list.pop()
  }

  #append(value: LuaValue): void {
    const { list } = this
    if (value === undefined) {
      this.#rest?.delete(list.length + 1)
      return
    }
    list.push(value)
    if (!this.#rest) return
    this.#rest.delete(list.length)
    for (let next = this.#rest.get(list.length + 1); next !== undefined; next = this.#rest.get(list.length + 1)) {
      this.#rest.delete(list.length + 1)
      list.push(next)
    }
  }
}

/** What `error` throws: any value. Not an `Error`, since a script may throw often and nobody reads its stack. */
export class LuaError {
  readonly value: LuaValue

  constructor(value: LuaValue) {
    this.value = value
  }
}

export function typeOf(value: LuaValue): string {
  if (value === undefined) return 'nil'
  if (value instanceof LuaTable) return 'table'
  return typeof value
}
