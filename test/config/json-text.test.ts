/** JSON read as text. `config.test.ts` shows how a syntax error is reported. */
import { describe, expect, it } from 'vitest'
import { checkJson } from '../../src/config/json-text.ts'

describe('a JSON text', () => {
  it('is taken and refused as JSON.parse does, whatever is broken in it', () => {
    const whole = JSON.stringify(
      { a: [1, -2.5e-3, true, null, { 'k"\\': '\u007f \u2028 聊天 😀 \\u00e9' }, [], {}], b: '' },
      null,
      1,
    )
    const pieces = [
      '',
      ' ',
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '1',
      '.',
      'e',
      '-',
      'u',
      't',
      '\n',
      '\u007f',
      '\u0001',
    ]
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const isTaken = (read: (text: string) => unknown, text: string) => {
      try {
        read(text)
        return true
      } catch {
        return false
      }
    }
    expect(isTaken(checkJson, whole)).toBe(true)
    for (let round = 0; round < 5000; round++) {
      const at = random(whole.length)
      const text = whole.slice(0, at) + pieces[random(pieces.length)] + whole.slice(at + random(3))
      expect([text, isTaken(checkJson, text)]).toEqual([text, isTaken(JSON.parse, text)])
    }
  })

  it.each([
    ['{', 1, 2, 'expected a key in double quotes, got the end of the file'],
    ['{\n"a": [1,\r\n 2', 3, 3, 'expected "," or "]", got the end of the file'],
    ['{"a"', 1, 5, 'expected ":" after the key "a", got the end of the file'],
    ['{"a":1,\n"b" 2}', 2, 5, 'expected ":" after the key "b", got "2"'],
    ['{"a": {} "b": 1}', 1, 10, 'expected "," or "}", got "\\""'],
    ['[1,,2]', 1, 4, 'expected a value, got ","'],
    ['[[1\n,]]', 2, 1, 'a "," before "]"; JSON allows none, remove it'],
    ['{a: 1}', 1, 2, 'expected a key in double quotes, got "a"'],
    ['[1 /* no */]', 1, 4, 'a comment; JSON has none, remove it'],
    ['["a\tb"]', 1, 2, 'expected a value, got "\\""'],
  ])('is refused with the place, and what was expected there: %j', (text, line, column, message) => {
    expect(() => checkJson(text)).toThrow(expect.objectContaining({ line, column, message }))
  })

  it('is refused where it is nested too deep, however deep', () => {
    expect(() => checkJson('['.repeat(100_000))).toThrow(
      expect.objectContaining({ line: 1, column: 101, message: 'nested deeper than 100' }),
    )
  })

  it('shows keys that stand twice in one object, wherever it stands', () => {
    expect(checkJson('{ "a": { "a": 1, "b": [{ "c": 1, "c": 2 }] }, "d": { "a": 1 }, "a": 2 }')).toEqual([
      ['a', 'b', '0', 'c'],
      ['a'],
    ])
  })
})
