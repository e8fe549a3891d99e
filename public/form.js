/**
 * Builds a form from the JSON schema of a message: a field for each string, number, enum and boolean, a group for each
 * object, and a text field with JSON for everything else. Reading the form checks the values against the schema.
 */
import { find, make } from './elements.js'
import { formatError, isNoMultiple } from './format.js'
import { setText, text } from './language.js'

/** @typedef {import('./room.js').Schema} Schema */
/** @typedef {import('./language.js').Key} Key */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
/** @typedef {{ element: HTMLElement, read: () => unknown }} Field `read` returns undefined if it is left out, throws `InvalidInput` */

const DEEPEST = 3

/** A value does not fit the schema; `control` shows why. */
export class InvalidInput extends Error {
  /** @param {Control} control */
  constructor(control) {
    super('the value does not fit the schema')
    this.control = control
  }
}

/**
 * @param {Schema} schema
 * @param {string} name the label
 * @param {boolean} [required]
 * @param {number} [depth]
 * @returns {Field}
 */
export function fieldOf(schema, name, required = true, depth = 0) {
  if (schema.const !== undefined) return select([schema.const], name, required)
  if (Array.isArray(schema.enum)) return select(schema.enum, name, required)
  if (schema.type === 'boolean') return required ? checkbox(schema, name) : select([true, false], name, required)
  if (schema.type === 'string') return textField(schema, name, required)
  if (schema.type === 'number' || schema.type === 'integer') return numberField(schema, name, required)
  if (schema.type === 'object' && isClosed(schema) && depth < DEEPEST && (required || depth === 0)) {
    return fieldset(schema, name, depth)
  }
  return jsonField(schema, name, required)
}

/** @param {Schema} schema */
function isClosed(schema) {
  return Object.keys(schema.properties ?? {}).length > 0 || !schema.additionalProperties
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @param {number} depth
 * @returns {Field}
 */
function fieldset(schema, name, depth) {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([key, inner]) =>
      /** @type {const} */ ([key, fieldOf(inner, key, schema.required?.includes(key) ?? false, depth + 1)]),
  )
  const element = make('fieldset', { class: depth === 0 ? 'outermost' : '' })
  if (name && depth > 0) element.append(make('legend', {}, name))
  if (fields.length === 0) {
    const nothing = make('p', { class: 'quieter' })
    setText(nothing, 'console.empty')
    element.append(nothing)
  }
  element.append(...fields.map(([, field]) => field.element))
  const read = () => {
    /** @type {InvalidInput[]} */
    const wrong = []
    const entries = fields.flatMap(([key, field]) => {
      try {
        const value = field.read()
        return value === undefined ? [] : [[key, value]]
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error
        wrong.push(error)
        return []
      }
    })
    if (wrong[0]) throw wrong[0]
    return Object.fromEntries(entries)
  }
  return { element, read }
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @returns {Field}
 */
function textField(schema, name, required) {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
  const control =
    maxLength > 200
      ? make('textarea', { rows: Number.isFinite(maxLength) ? '2' : '1', dir: 'auto' })
      : make('input', { dir: 'auto' })
  const wrap = labelled(control, schema, name, required)
  return field(wrap, control, (value) => {
    if (value === '' && !required) return undefined
    if (value === '' && (minLength > 0 || pattern)) return wrap.refuse('form.required')
    if (value.length < minLength) return wrap.refuse('form.short', { count: minLength })
    if (value.length > maxLength) return wrap.refuse('form.long', { count: maxLength })
    const error = formatError(schema, value)
    if (error) return wrap.refuse(error.key, error.values)
    return value
  })
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @returns {Field}
 */
function numberField(schema, name, required) {
  const control = make('input', { inputmode: schema.type === 'integer' ? 'numeric' : 'decimal', autocomplete: 'off' })
  const wrap = labelled(control, schema, name, required)
  return field(wrap, control, (written) => {
    if (written.trim() === '') return required ? wrap.refuse('form.required') : undefined
    const value = Number(written)
    if (!Number.isFinite(value)) return wrap.refuse('form.number')
    if (schema.type === 'integer' && !Number.isInteger(value)) return wrap.refuse('form.integer')
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
    if (value <= (schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY)) {
      return wrap.refuse('form.above', { limit: schema.exclusiveMinimum ?? 0 })
    }
    if (value >= (schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY)) {
      return wrap.refuse('form.below', { limit: schema.exclusiveMaximum ?? 0 })
    }
    if (value < minimum) return wrap.refuse('form.least', { limit: minimum })
    if (value > maximum) return wrap.refuse('form.most', { limit: maximum })
    if (isNoMultiple(value, schema.multipleOf)) return wrap.refuse('form.step', { step: schema.multipleOf ?? 1 })
    return value
  })
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @returns {Field}
 */
function checkbox(schema, name) {
  const control = make('input', { type: 'checkbox' })
  control.checked = schema.default === true
  const element = make('label', { class: 'field tick' }, control, ' ', name)
  return { element, read: () => control.checked }
}

/**
 * @param {unknown[]} values
 * @param {string} name
 * @param {boolean} required
 * @returns {Field}
 */
function select(values, name, required) {
  const control = make('select')
  if (!required) {
    const unset = make('option', { value: '' })
    setText(unset, 'form.unset')
    control.append(unset)
  }
  values.forEach((value, index) => {
    control.append(make('option', { value: String(index) }, typeof value === 'string' ? value : JSON.stringify(value)))
  })
  const wrap = labelled(control, {}, name, required)
  return field(wrap, control, (index) => (index === '' ? undefined : values[Number(index)]))
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @returns {Field}
 */
function jsonField(schema, name, required) {
  const control = make('textarea', { rows: '3', spellcheck: 'false', class: 'code' })
  control.placeholder = schema.type === 'array' ? '[ ]' : schema.type === 'object' ? '{ }' : 'JSON'
  const wrap = labelled(control, schema, name, required, 'console.json')
  return field(wrap, control, (written) => {
    if (written.trim() === '') return required ? wrap.refuse('form.required') : undefined
    /** @type {unknown} */
    let value
    try {
      value = JSON.parse(written)
    } catch (error) {
      return wrap.refuse('form.json', { message: error instanceof Error ? error.message : String(error) })
    }
    const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
    const fits = typeof schema.type !== 'string' || schema.type === kind
    return fits ? value : wrap.refuse('form.kind', { expected: schema.type ?? '' })
  })
}

/**
 * @param {{ element: HTMLElement, accept: () => void }} wrap
 * @param {Control} control
 * @param {(value: string) => unknown} check
 * @returns {Field}
 */
function field(wrap, control, check) {
  const read = () => {
    wrap.accept()
    return check(control.value)
  }
  control.addEventListener('input', wrap.accept)
  return { element: wrap.element, read }
}

/**
 * Wraps a control in its label, with a line for its error.
 * @param {Control} control
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @param {Key} [hint]
 */
function labelled(control, schema, name, required, hint) {
  const errorLine = make('span', { class: 'field-error', role: 'alert' })
  const words = make('span', { class: 'words' }, name)
  if (hint) words.append(' ', make('small', { 'data-text': hint }, text(hint)))
  if (!required) words.append(' ', make('small', { 'data-text': 'form.optional' }, text('form.optional')))
  if (schema.description) control.title = schema.description
  if (schema.default !== undefined) {
    control.value = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)
  }
  const element = make('label', { class: 'field' }, words, control, errorLine)
  const accept = () => {
    control.removeAttribute('aria-invalid')
    find(element, '.field-error', HTMLElement).replaceChildren()
  }
  /**
   * @param {Key} key
   * @param {import('./language.js').Values} [values]
   * @returns {never}
   */
  const refuse = (key, values) => {
    control.setAttribute('aria-invalid', 'true')
    setText(errorLine, key, values)
    throw new InvalidInput(control)
  }
  return { element, accept, refuse }
}
