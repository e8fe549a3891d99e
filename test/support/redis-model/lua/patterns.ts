/** Patterns of Lua 5.1 on strings of bytes, matched as `lstrlib.c` matches them. `string-library.ts` calls it. */
import { LuaError, type LuaValue } from './table.ts'

const [POSITION, OPEN] = [-2, -1]
const MOST_CAPTURES = 32
const PERCENT = 0x25

const CLASSES: Record<string, (code: number) => boolean> = {
  a: (c) => (c >= 65 && c <= 90) || (c >= 97 && c <= 122),
  c: (c) => c < 32 || c === 127,
  d: (c) => c >= 48 && c <= 57,
  l: (c) => c >= 97 && c <= 122,
  p: (c) => (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126),
  s: (c) => c === 32 || (c >= 9 && c <= 13),
  u: (c) => c >= 65 && c <= 90,
  w: (c) => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122),
  x: (c) => (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102),
  z: (c) => c === 0,
}

/** One attempt to match a pattern at one place after the other. Places count from 0. */
export class Pattern {
  readonly #text: string
  readonly #pattern: string
  readonly #starts: number[] = []
  readonly #lengths: number[] = []

  constructor(text: string, pattern: string) {
    this.#text = text
    this.#pattern = pattern
  }

  /** Where a match that begins at `start` ends; -1: none. `from`: where the pattern begins, after a `^`. */
  match(start: number, from: number): number {
    this.#starts.length = 0
    this.#lengths.length = 0
    return this.#match(start, from)
  }

  /** The captures of the last match; the whole match if it has none and `orWhole`. */
  captures(start: number, end: number, orWhole: boolean): LuaValue[] {
    if (this.#starts.length === 0) return orWhole ? [this.#text.slice(start, end)] : []
    return this.#starts.map((_, index) => this.capture(index, start, end))
  }

  capture(index: number, start: number, end: number): LuaValue {
    if (index >= this.#starts.length) {
      if (index === 0) return this.#text.slice(start, end)
      throw new LuaError('invalid capture index')
    }
    const from = this.#starts[index] ?? 0
    const length = this.#lengths[index] ?? OPEN
    if (length === POSITION) return from + 1
    if (length === OPEN) throw new LuaError('unfinished capture')
    return this.#text.slice(from, from + length)
  }

  #match(start: number, from: number): number {
    const pattern = this.#pattern
    let [at, place] = [start, from]
    while (place < pattern.length) {
      switch (pattern[place]) {
        case '(':
          return pattern[place + 1] === ')' ? this.#begin(at, place + 2, POSITION) : this.#begin(at, place + 1, OPEN)
        case ')':
          return this.#finish(at, place + 1)
        case '$':
          if (place + 1 === pattern.length) return at === this.#text.length ? at : -1
          break
        case '%': {
          const next = pattern[place + 1] ?? ''
          if (next === 'b') {
            at = this.#balanced(at, place + 2)
            if (at === -1) return -1
            place += 4
            continue
          }
          if (next === 'f') {
            const end = this.#classEnd(place + 2)
            const before = at === 0 ? 0 : this.#text.charCodeAt(at - 1)
            const here = at < this.#text.length ? this.#text.charCodeAt(at) : 0
            if (this.#inSet(before, place + 2, end - 1) || !this.#inSet(here, place + 2, end - 1)) return -1
            place = end
            continue
          }
          if (next >= '0' && next <= '9') {
            at = this.#repeated(at, Number(next) - 1)
            if (at === -1) return -1
            place += 2
            continue
          }
        }
      }
      const end = this.#classEnd(place)
      switch (pattern[end]) {
        case '?': {
          const taken = this.#fits(at, place, end) ? this.#match(at + 1, end + 1) : -1
          if (taken !== -1) return taken
          place = end + 1
          break
        }
        case '*':
          return this.#most(at, place, end)
        case '+':
          return this.#fits(at, place, end) ? this.#most(at + 1, place, end) : -1
        case '-':
          return this.#least(at, place, end)
        default:
          if (!this.#fits(at, place, end)) return -1
          at += 1
          place = end
      }
    }
    return at
  }

  #most(at: number, place: number, end: number): number {
    let count = 0
    while (this.#fits(at + count, place, end)) count += 1
    for (; count >= 0; count -= 1) {
      const found = this.#match(at + count, end + 1)
      if (found !== -1) return found
    }
    return -1
  }

  #least(start: number, place: number, end: number): number {
    for (let at = start; ; at += 1) {
      const found = this.#match(at, end + 1)
      if (found !== -1) return found
      if (!this.#fits(at, place, end)) return -1
    }
  }

  #begin(at: number, place: number, length: number): number {
    if (this.#starts.length >= MOST_CAPTURES) throw new LuaError('too many captures')
    this.#starts.push(at)
    this.#lengths.push(length)
    const found = this.#match(at, place)
    if (found === -1) {
      this.#starts.pop()
      this.#lengths.pop()
    }
    return found
  }

  #finish(at: number, place: number): number {
    const index = this.#lengths.lastIndexOf(OPEN)
    if (index === -1) throw new LuaError('invalid pattern capture')
    this.#lengths[index] = at - (this.#starts[index] ?? 0)
    const found = this.#match(at, place)
    if (found === -1) this.#lengths[index] = OPEN
    return found
  }

  #balanced(at: number, place: number): number {
    const [open, close] = [this.#pattern[place], this.#pattern[place + 1]]
    if (open === undefined || close === undefined) throw new LuaError('unbalanced pattern')
    if (this.#text[at] !== open) return -1
    for (let [here, depth] = [at + 1, 1]; here < this.#text.length; here += 1) {
      if (this.#text[here] === close) {
        depth -= 1
        if (depth === 0) return here + 1
      } else if (this.#text[here] === open) depth += 1
    }
    return -1
  }

  #repeated(at: number, index: number): number {
    const length = this.#lengths[index]
    if (length === undefined || length === OPEN) throw new LuaError('invalid capture index')
    const from = this.#starts[index] ?? 0
    const text = this.#text.slice(from, from + length)
    return this.#text.startsWith(text, at) ? at + text.length : -1
  }

  /** Where the single character of a pattern at `place` ends. */
  #classEnd(place: number): number {
    const pattern = this.#pattern
    if (place >= pattern.length) throw new LuaError("missing '[' after '%f' in pattern")
    if (pattern[place] === '%') {
      if (place + 1 >= pattern.length) throw new LuaError("malformed pattern (ends with '%')")
      return place + 2
    }
    if (pattern[place] !== '[') return place + 1
    let at = pattern[place + 1] === '^' ? place + 2 : place + 1
    do {
      if (at >= pattern.length) throw new LuaError("malformed pattern (missing ']')")
      at += pattern[at] === '%' ? 2 : 1
    } while (pattern[at] !== ']')
    return at + 1
  }

  #fits(at: number, place: number, end: number): boolean {
    if (at >= this.#text.length) return false
    const code = this.#text.charCodeAt(at)
    switch (this.#pattern[place]) {
      case '.':
        return true
      case '%':
        return inClass(code, this.#pattern.charCodeAt(place + 1))
      case '[':
        return this.#inSet(code, place, end - 1)
    }
    return this.#pattern.charCodeAt(place) === code
  }

  /** `place`: of the `[`, `close`: of the `]`. */
  #inSet(code: number, place: number, close: number): boolean {
    const pattern = this.#pattern
    const isNegated = pattern[place + 1] === '^'
    let at = isNegated ? place + 2 : place + 1
    for (; at < close; at += 1) {
      const first = pattern.charCodeAt(at)
      if (first === PERCENT) {
        at += 1
        if (inClass(code, pattern.charCodeAt(at))) return !isNegated
      } else if (pattern[at + 1] === '-' && at + 2 < close) {
        if (first <= code && code <= pattern.charCodeAt(at + 2)) return !isNegated
        at += 2
      } else if (first === code) return !isNegated
    }
    return isNegated
  }
}

function inClass(code: number, letter: number): boolean {
  const name = String.fromCharCode(letter)
  const known = CLASSES[name.toLowerCase()]
  if (!known) return letter === code
  return name === name.toLowerCase() ? known(code) : !known(code)
}
