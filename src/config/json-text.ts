/**
 * Checks JSON text, so that a mistake has its line and column, and a repeated key is found. `jsonc-parser` parses; this
 * file adds what strict JSON would allow at the place of a mistake. `rooms-file.ts` uses it.
 */
import { type JSONVisitor, printParseErrorCode, visit } from 'jsonc-parser'

/** The text is not JSON: what was expected, and where (line and column from 1). */
export class JsonError extends Error {
  readonly line: number
  readonly column: number

  constructor({ line, column }: TextPosition, message: string) {
    super(message)
    this.line = line + 1
    this.column = column + 1
  }
}

/** Line and column from 0. */
interface TextPosition {
  readonly line: number
  readonly column: number
}

interface Container {
  readonly close: '}' | ']'
  readonly keys: Set<string>
}

const DEPTH = 100

/**
 * Checks that `text` is JSON. → the paths, as lists of keys, of every key that is repeated in its object. Throws a
 * `JsonError` at the first place that is not JSON.
 */
export function checkJson(text: string): string[][] {
  const containers: Container[] = []
  const repeated: string[][] = []
  let expected = 'a value'
  /** What was allowed where the last object or list ended. */
  let expectedInside = expected
  let comma: TextPosition | undefined

  const next = (words: string) => {
    expected = words
    comma = undefined
  }
  const afterValue = () => {
    const close = containers.at(-1)?.close
    next(close ? `"," or "${close}"` : 'nothing more')
  }
  const begin =
    (close: Container['close'], inside: string) => (_at: number, _size: number, line: number, column: number) => {
      if (containers.length >= DEPTH) throw new JsonError({ line, column }, `nested deeper than ${DEPTH}`)
      containers.push({ close, keys: new Set() })
      next(inside)
    }
  const end = () => {
    containers.pop()
    expectedInside = expected
    afterValue()
  }
  const visitor: JSONVisitor = {
    onObjectBegin: begin('}', 'a key in double quotes'),
    onArrayBegin: begin(']', 'a value'),
    onObjectEnd: end,
    onArrayEnd: end,
    onLiteralValue: afterValue,
    onObjectProperty(key, _at, _size, _line, _column, pathOf) {
      const keys = containers.at(-1)?.keys
      if (keys?.has(key)) repeated.push([...pathOf().map(String), key])
      keys?.add(key)
      next(`":" after the key ${JSON.stringify(key)}`)
    },
    onSeparator(character, _at, _size, line, column) {
      next(character === ',' && containers.at(-1)?.close === '}' ? 'a key in double quotes' : 'a value')
      if (character === ',') comma = { line, column }
    },
    onError(code, at, _size, line, column) {
      const rest = text.slice(at)
      if (/^\/[/*]/.test(rest)) throw new JsonError({ line, column }, 'a comment; JSON has none, remove it')
      const close = /^[}\]]/.exec(rest)?.[0]
      if (comma && close) throw new JsonError(comma, `a "," before "${close}"; JSON allows none, remove it`)
      // The parser reports the end of an object or list before it reports that the end is missing.
      const isOpen = ['CloseBraceExpected', 'CloseBracketExpected'].includes(printParseErrorCode(code))
      const words = isOpen ? expectedInside : expected
      throw new JsonError({ line, column }, `expected ${words}, got ${found(rest)}`)
    },
  }
  visit(text, visitor, { disallowComments: true })
  return repeated
}

/** Whether this is a JSON object, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function found(rest: string): string {
  if (rest === '') return 'the end of the file'
  return JSON.stringify(/^[\w-]+|^./su.exec(rest)?.[0] ?? '').slice(0, 40)
}
