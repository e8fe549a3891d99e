/**
 * Checks a text against the format and pattern of its schema. An error names what is expected, with an example; it never
 * shows the regular expression. Used by `form.js`.
 */

/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */

const FORMATS = /** @type {const} */ (['date', 'time', 'date-time', 'duration', 'email', 'uri', 'uuid', 'ipv4', 'ipv6'])

/**
 * @param {import('./room.js').Schema} schema
 * @param {string} value
 * @returns {{ key: Key, values?: Values } | undefined}
 */
export function formatError({ format, pattern, description }, value) {
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
    // Not every pattern is a JavaScript one. Then only the room checks it.
    return true
  }
}

/**
 * Checks what a pattern alone cannot check.
 * @param {string | undefined} format
 * @param {string} value
 */
function isReal(format, value) {
  if (format === 'uri') return URL.canParse(value)
  if (format === 'date') return !Number.isNaN(Date.parse(`${value}T00:00:00Z`))
  return true
}

/**
 * Whether a number is not a multiple of the schema's `multipleOf`.
 * @param {number} value
 * @param {number | undefined} step
 */
export function isNoMultiple(value, step) {
  // Within the precision of binary fractions.
  return step !== undefined && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9
}
