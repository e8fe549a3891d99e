/** The `struct` that Redis adds to Lua: of its formats those that the log uses, whole numbers above 0 and texts. */
import { bad, integerOf, stringOf } from './arguments.ts'
import { LuaError, type LuaFunction, type LuaValue } from './table.ts'

export const STRUCT: Record<string, LuaFunction> = {
  /** Reads numbers (`I4`) and texts (`c3`; `c0`: as long as the number before it says), and where it has come to. */
  unpack(format, text, from) {
    const [formats, data] = [stringOf(format, 1, 'unpack'), stringOf(text, 2, 'unpack')]
    let at = (from === undefined ? 1 : integerOf(from, 3, 'unpack')) - 1
    const values: LuaValue[] = []
    const take = (size: number) => {
      if (at < 0 || size > data.length || at > data.length - size) throw bad(2, 'unpack', 'data string too short')
      at += size
      return data.slice(at - size, at)
    }
    for (const [option, digits] of options(formats)) {
      const bytes = take(Number(digits || (option === 'c' ? 1 : 4)))
      if (option === 'I') values.push([...bytes].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0))
      else values.push(digits === '0' ? take(sizeOf(values)) : bytes)
    }
    return [...values, at + 1]
  },
}

/** Letters with their numbers, after the sign of the order of bytes. */
function options(format: string): [string, string][] {
  const found = /^>((?:[Ic]\d*)*)$/.exec(format)?.[1]
  if (found === undefined) throw new RangeError(`the model has no format '${format}' of struct.unpack`)
  return [...found.matchAll(/([Ic])(\d*)/g)].map(([, option = '', digits = '']) => [option, digits])
}

/** Takes the size from among the values. */
function sizeOf(values: LuaValue[]): number {
  const size = values.pop()
  if (typeof size === 'number') return size
  throw new LuaError("format 'c0' needs a previous size")
}
