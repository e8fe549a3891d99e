/**
 * Byte sequences that are UTF-8 and that are not, in the order of Autobahn's 6.5 to 6.23, which follows Markus Kuhn's
 * stress test (UTF-8-test.txt). A line is hexadecimal; `utf8.ts` makes a case of each.
 */

export interface Group {
  /** What the sequences have in common. */
  readonly title: string
  readonly valid?: readonly string[]
  readonly invalid?: readonly string[]
}

/** `κόσμε`. */
export const KOSME = 'cebae1bdb9cf83cebcceb5'

const hello = (middle: string) => `68656c6c6f${middle}776f726c64`
const range = (from: number, to: number, after = '') =>
  Array.from({ length: to - from }, (_, index) => (from + index).toString(16) + after).join('')
/** A lead byte and its continuation bytes but the last. */
const CUT_SHORT = ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf']

/** The last two code points of each plane, which no character has, and which are UTF-8 all the same. */
function nonCharacters(): string[] {
  const leads = ['f0', 'f1', 'f2', 'f3', 'f4'].flatMap((first) =>
    ['8f', '9f', 'af', 'bf'].flatMap((second) => [`${first}${second}bfbe`, `${first}${second}bfbf`]),
  )
  // f0 8f is overlong, f4 9f and above is beyond U+10FFFF.
  return ['efbfbe', 'efbfbf', ...leads.filter((lead) => !/^(f08f|f4[^8])/.test(lead))]
}

/** In 6.6 every prefix of `κόσμε` is sent; those that end between two characters are valid. */
export const PREFIX_ENDS: ReadonlySet<number> = new Set([2, 5, 7, 9, 11])

export const GROUPS: readonly Group[] = [
  { title: 'some characters', valid: [hello('24'), hello('c2a2'), hello('e282ac'), hello('f0a4ada2'), KOSME] },
  { title: 'prefixes of a word' },
  { title: 'the first of each length', valid: ['00', 'c280', 'e0a080', 'f0908080'] },
  { title: 'the first of lengths 5 and 6', invalid: ['f888808080', 'fc8480808080'] },
  { title: 'the last of each length', valid: ['7f', 'dfbf', 'efbfbf', 'f48fbfbf'] },
  { title: 'the last of lengths 4 to 6', invalid: ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'] },
  { title: 'other bounds', valid: ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'], invalid: ['f4908080'] },
  {
    title: 'continuation bytes that continue nothing',
    invalid: ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', range(0x80, 0xbf)],
  },
  {
    title: 'lead bytes that lead nothing',
    invalid: [
      range(0xc0, 0xdf, '20'),
      range(0xe0, 0xef, '20'),
      range(0xf0, 0xf7, '20'),
      range(0xf8, 0xfb, '20'),
      'fc20',
    ],
  },
  { title: 'the last byte is missing', invalid: CUT_SHORT },
  { title: 'those one after the other', invalid: [CUT_SHORT.join('')] },
  { title: 'bytes that never are', invalid: ['fe', 'ff', 'fefeffff'] },
  { title: 'overlong ASCII', invalid: ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'] },
  { title: 'the most overlong', invalid: ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'] },
  { title: 'overlong NUL', invalid: ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'] },
  {
    title: 'single surrogates',
    invalid: ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'],
  },
  {
    title: 'pairs of surrogates',
    invalid: ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
  },
  { title: 'code points without a character', valid: nonCharacters() },
  { title: 'specials', valid: ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'] },
]
