/**
 * A form from a JSON schema, as a room describes what it takes: a field for each string, number, choice and yes-or-no,
 * a group for each object, and JSON as text for whatever else. Reading it checks what the schema says.
 */
import { find, make } from './elements.js'
import { formatMistake, isOff } from './format.js'
import { say, text } from './language.js'

/** @typedef {import('./room.js').Schema} Schema */
/** @typedef {import('./language.js').Key} Key */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
/** @typedef {{ element: HTMLElement, read: () => unknown }} Field `read` gives undefined for what is left out, throws `Wrong` */

const DEEPEST = 3

/** What was entered does not fit; `control` shows why. */
export class Wrong extends Error {
  /** @param {Control} control */
  constructor(control) {
    super('what was entered does not fit the schema')
    this.control = control
  }
}

/**
 * @param {Schema} schema
 * @param {string} name shown as the label, where there is one
 * @param {boolean} [required]
 * @param {number} [depth]
 * @returns {Field}
 */
export function fieldOf(schema, name, required = true, depth = 0) {
  if (schema.const !== undefined) return choice([schema.const], name, required)
  if (Array.isArray(schema.enum)) return choice(schema.enum, name, required)
  if (schema.type === 'boolean') return required ? tick(schema, name) : choice([true, false], name, required)
  if (schema.type === 'string') return words(schema, name, required)
  if (schema.type === 'number' || schema.type === 'integer') return number(schema, name, required)
  if (schema.type === 'object' && isClosed(schema) && depth < DEEPEST && (required || depth === 0)) {
    return group(schema, name, depth)
  }
  return json(schema, name, required)
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
function group(schema, name, depth) {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([key, inner]) =>
      /** @type {const} */ ([key, fieldOf(inner, key, schema.required?.includes(key) ?? false, depth + 1)]),
  )
  const element = make('fieldset', { class: depth === 0 ? 'outermost' : '' })
  if (name && depth > 0) element.append(make('legend', {}, name))
  if (fields.length === 0) {
    const nothing = make('p', { class: 'quieter' })
    say(nothing, 'console.empty')
    element.append(nothing)
  }
  element.append(...fields.map(([, field]) => field.element))
  const read = () => {
    /** @type {Wrong[]} */
    const wrong = []
    const entries = fields.flatMap(([key, field]) => {
      try {
        const value = field.read()
        return value === undefined ? [] : [[key, value]]
      } catch (error) {
        if (!(error instanceof Wrong)) throw error
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
function words(schema, name, required) {
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
    const mistake = formatMistake(schema, value)
    if (mistake) return wrap.refuse(mistake.key, mistake.values)
    return value
  })
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @returns {Field}
 */
function number(schema, name, required) {
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
    if (isOff(value, schema.multipleOf)) return wrap.refuse('form.step', { step: schema.multipleOf ?? 1 })
    return value
  })
}

/**
 * @param {Schema} schema
 * @param {string} name
 * @returns {Field}
 */
function tick(schema, name) {
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
function choice(values, name, required) {
  const control = make('select')
  if (!required) {
    const unset = make('option', { value: '' })
    say(unset, 'form.unset')
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
function json(schema, name, required) {
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
 * A control with its label and the place where a mistake is told.
 * @param {Control} control
 * @param {Schema} schema
 * @param {string} name
 * @param {boolean} required
 * @param {Key} [hint]
 */
function labelled(control, schema, name, required, hint) {
  const told = make('span', { class: 'told-wrong', role: 'alert' })
  const words = make('span', { class: 'words' }, name)
  if (hint) words.append(' ', make('small', { 'data-text': hint }, text(hint)))
  if (!required) words.append(' ', make('small', { 'data-text': 'form.optional' }, text('form.optional')))
  if (schema.description) control.title = schema.description
  if (schema.default !== undefined) {
    control.value = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)
  }
  const element = make('label', { class: 'field' }, words, control, told)
  const accept = () => {
    control.removeAttribute('aria-invalid')
    find(element, '.told-wrong', HTMLElement).replaceChildren()
  }
  /**
   * @param {Key} key
   * @param {import('./language.js').Values} [values]
   * @returns {never}
   */
  const refuse = (key, values) => {
    control.setAttribute('aria-invalid', 'true')
    say(told, key, values)
    throw new Wrong(control)
  }
  return { element, accept, refuse }
}
