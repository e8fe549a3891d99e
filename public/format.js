/**
 * Whether a text is written as its schema says, and what to say where it is not: what is expected, in words and with an
 * example. `form.js` asks; a regular expression is shown to nobody.
 */

/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */

const FORMATS = /** @type {const} */ (['date', 'time', 'date-time', 'duration', 'email', 'uri', 'uuid', 'ipv4', 'ipv6'])

/**
 * @param {import('./room.js').Schema} schema
 * @param {string} value
 * @returns {{ key: Key, values?: Values } | undefined}
 */
export function formatMistake({ format, pattern, description }, value) {
  if (matches(pattern, value) && isReal(format, value)) return undefined
  const known = FORMATS.find((one) => one === format)
  if (known) return { key: `form.format.${known}` }
  return description ? { key: 'form.hint', values: { hint: description } } : { key: 'form.pattern' }
}

/**
 * @param {string | undefined} pattern
 * @param {string} value
 */
function matches(pattern, value) {
  if (!pattern) return true
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // Not every dialect is ours; then the room itself checks.
    return true
  }
}

/**
 * What a pattern alone does not say.
 * @param {string | undefined} format
 * @param {string} value
 */
function isReal(format, value) {
  if (format === 'uri') return URL.canParse(value)
  if (format === 'date') return !Number.isNaN(Date.parse(`${value}T00:00:00Z`))
  return true
}

/**
 * Whether a number is no multiple of what its schema names.
 * @param {number} value
 * @param {number | undefined} step
 */
export function isOff(value, step) {
  // As far as binary fractions can say.
  return step !== undefined && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9
}
