/** How `SCAN`, `HSCAN` and `ZSCAN` go through what is there, in an order that does not change while they do. */
import { type Answer, CommandError, integer, SYNTAX } from '../answer.ts'

/**
 * A page of sorted names: those after the cursor, which is where the last page ended. Real cursors are other numbers; that
 * each name which stays is answered at least once holds for both, if names are added and removed meanwhile only here.
 */
export function scanned(
  cursor: string | undefined,
  options: readonly string[],
  names: readonly string[],
  typeOf?: (name: string) => string,
): readonly [string, string[]] {
  if (cursor === undefined || !/^\d+$/.test(cursor)) throw new CommandError('ERR invalid cursor')
  let [count, pattern, type]: [number, RegExp | undefined, string | undefined] = [10, undefined, undefined]
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1]
    if (value === undefined) throw SYNTAX
    switch (options[at]?.toUpperCase()) {
      case 'COUNT':
        count = integer(value)
        if (count < 1) throw SYNTAX
        break
      case 'MATCH':
        pattern = glob(value)
        break
      case 'TYPE':
        type = value.toLowerCase()
        break
      default:
        throw SYNTAX
    }
  }
  const from = Number(cursor)
  const next = from + count
  const found = names
    .slice(from, next)
    .filter((name) => (pattern?.test(name) ?? true) && (type === undefined || typeOf?.(name) === type))
  return [next < names.length ? String(next) : '0', found]
}

/** A pattern of Redis: `*`, `?`, `[a-z]`, `\`. */
export function glob(pattern: string): RegExp {
  const source = pattern.replace(
    /\\(.)|\[(\^?)((?:\\.|[^\]])*)\]|[*?]|[.+^${}()|\\/\][]/gs,
    (found, escaped, not, set) => {
      if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (set !== undefined) return `[${not}${set.replace(/[\]\\^]/g, '\\$&')}]`
      if (found === '*') return '.*'
      return found === '?' ? '.' : `\\${found}`
    },
  )
  return new RegExp(`^${source}$`, 's')
}

/** Names with their values, flat. */
export function withValues([cursor, names]: readonly [string, string[]], valueAt: (name: string) => string): Answer {
  return [cursor, names.flatMap((name) => [name, valueAt(name)])]
}
