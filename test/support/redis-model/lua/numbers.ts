/** Numbers of Lua 5.1: doubles alone, printed as C prints them. */

/** As `tostring` and `..` write it: `%.14g`. */
export function numberText(value: number): string {
  // The digits of a whole number below 10^14 are all printed.
  if (Number.isInteger(value) && value < 1e14 && value > -1e14) return Object.is(value, -0) ? '-0' : String(value)
  return general(value, 14)
}

/** As a command gets it: `%.17g`. */
export function argumentText(value: number): string {
  if (Number.isInteger(value) && value < 1e17 && value > -1e17) return Object.is(value, -0) ? '-0' : String(value)
  return general(value, 17)
}

/** C's `%.<digits>g`. */
export function general(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '-nan' : value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (value === 0) return `${sign}0`
  const precision = Math.max(1, digits)
  const { mantissa, exponent } = rounded(Math.abs(value), precision)
  if (exponent < -4 || exponent >= precision) {
    const tail = mantissa.slice(1).replace(/0+$/, '')
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${mantissa[0]}${tail && `.${tail}`}e${exponent < 0 ? '-' : '+'}${power}`
  }
  const whole = exponent < 0 ? '0' : mantissa.slice(0, exponent + 1)
  const fraction = (exponent < 0 ? '0'.repeat(-exponent - 1) + mantissa : mantissa.slice(exponent + 1)).replace(
    /0+$/,
    '',
  )
  return `${sign}${whole}${fraction && `.${fraction}`}`
}

/** C's `%.<digits>f`. */
export function fixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const size = Math.abs(value)
  // JavaScript's own `toFixed` writes no exact number from 10^21 on; such a number is whole.
  const [whole = '', fraction = ''] = size < 1e21 ? size.toFixed(100).split('.') : [String(BigInt(size)), '']
  const kept = roundedToEven(whole + fraction.slice(0, digits).padEnd(digits, '0'), fraction.slice(digits))
  return sign + (digits > 0 ? `${kept.slice(0, -digits)}.${kept.slice(-digits)}` : kept)
}

/** The digits of a positive number; JavaScript's own `toPrecision` rounds a tie up. */
function rounded(value: number, precision: number): { mantissa: string; exponent: number } {
  // All digits there are: a double of this size has no more than 101 that matter.
  const [text = '', power] = value.toExponential(100).split('e')
  const exact = text.replace('.', '')
  const mantissa = roundedToEven(exact.slice(0, precision), exact.slice(precision))
  const exponent = Number(power) + mantissa.length - precision
  return { mantissa: mantissa.slice(0, precision), exponent }
}

/** Digits, rounded by the digits that are left out; a tie goes to the even one, as in C. */
function roundedToEven(kept: string, rest: string): string {
  const half = '5'.padEnd(rest.length, '0')
  const isUp = rest > half || (rest === half && Number(kept.at(-1)) % 2 === 1)
  return isUp ? String(BigInt(kept) + 1n).padStart(kept.length, '0') : kept
}

/** The number that a text is, as `strtod` and Lua 5.1 read it; `undefined`: none. */
export function textNumber(text: string): number | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  const trimmed = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed)
  const hex = /^([+-]?)0x([0-9a-f]+)$/i.exec(trimmed)
  if (hex) return Number(`0x${hex[2]}`) * (hex[1] === '-' ? -1 : 1)
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(trimmed)
  if (!special) return undefined
  if (/nan/i.test(special[2] ?? '')) return Number.NaN
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
