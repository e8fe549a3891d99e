/** JSON read as text. Where it is broken, `config.test.ts` shows how that is told. */
import { describe, expect, it } from 'vitest'
import { outline } from '../src/json-text.ts'

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
    expect(isTaken(outline, whole)).toBe(true)
    for (let round = 0; round < 5000; round++) {
      const at = random(whole.length)
      const text = whole.slice(0, at) + pieces[random(pieces.length)] + whole.slice(at + random(3))
      expect([text, isTaken(outline, text)]).toEqual([text, isTaken(JSON.parse, text)])
    }
  })
})
