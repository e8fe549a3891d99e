/**
 * Reads JSON as text, so that a mistake can be named with its line and column, a key written twice is seen, and a line
 * can be put in without touching the rest. `config.ts` reads `rooms.json` with it, `cli/new-room.ts` adds to it.
 */

/** A value in the text, from `start` up to, not including, `end`. Objects have `members`, in the order written. */
export interface JsonNode {
  readonly start: number
  readonly end: number
  readonly members?: readonly { readonly key: string; readonly start: number; readonly node: JsonNode }[]
}

/** Text that is no JSON: what was expected, and where (line and column from 1). */
export class JsonError extends Error {
  readonly line: number
  readonly column: number

  constructor(text: string, at: number, message: string) {
    super(message)
    const before = text.slice(0, at).split('\n')
    this.line = before.length
    this.column = (before.at(-1) ?? '').length + 1
  }
}

/** Between the quotes: everything from the space on but `"` and `\`, and escapes. */
const STRING = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const ATOM = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y
const DEPTH = 100

/** The outline of a JSON text. Throws a `JsonError` at the first place that is no JSON. */
export function outline(text: string): JsonNode {
  let at = 0

  const fail = (expected: string): never => {
    const rest = text.slice(at)
    if (/^\/[/*]/.test(rest)) throw new JsonError(text, at, 'a comment; JSON has none, remove it')
    throw new JsonError(text, at, `expected ${expected}, got ${rest === '' ? 'the end of the file' : found(rest)}`)
  }
  const skip = () => {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at++
  }
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text)?.[0]
    at += match?.length ?? 0
    return match
  }
  const list = (close: string, item: () => void) => {
    at++
    skip()
    while (text[at] !== close) {
      item()
      skip()
      if (text[at] === close) break
      if (text[at] !== ',') fail(`"," or "${close}"`)
      const comma = at++
      skip()
      if (text[at] === close) throw new JsonError(text, comma, `a "," before "${close}"; JSON allows none, remove it`)
    }
    at++
  }
  const member = (depth: number) => {
    const start = at
    const key = take(STRING) ?? fail('a key in double quotes')
    skip()
    if (text[at] !== ':') fail(`":" after the key ${key}`)
    at++
    return { key: JSON.parse(key) as string, start, node: value(depth + 1) }
  }
  const value = (depth: number): JsonNode => {
    skip()
    const start = at
    if (depth > DEPTH) throw new JsonError(text, at, `nested deeper than ${DEPTH}`)
    if (text[at] === '{') {
      const members: ReturnType<typeof member>[] = []
      list('}', () => members.push(member(depth)))
      return { start, end: at, members }
    }
    if (text[at] === '[') list(']', () => value(depth + 1))
    else if (take(STRING) === undefined && take(ATOM) === undefined) fail('a value')
    return { start, end: at }
  }

  const root = value(0)
  skip()
  return at < text.length ? fail('nothing more') : root
}

/** The places, as lists of keys, of every key that is written again in its object. */
export function repeatedKeys(node: JsonNode, path: readonly string[] = []): string[][] {
  const seen = new Set<string>()
  return (node.members ?? []).flatMap(({ key, node }) => {
    const again = seen.has(key) ? [[...path, key]] : []
    seen.add(key)
    return [...again, ...repeatedKeys(node, [...path, key])]
  })
}

function found(rest: string): string {
  return JSON.stringify(/^[\w-]+|^./su.exec(rest)?.[0] ?? '').slice(0, 40)
}
