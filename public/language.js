/**
 * Which language the page speaks, and how a sentence gets into an element. The choice lives in `<html lang>`; an element
 * remembers its sentence in `data-text`, so that switching re-reads the page in place and loses nothing.
 */
import { CHINESE } from './chinese.js'
import { make } from './elements.js'
import { ENGLISH } from './english.js'

/** @typedef {import('./english.js').Key} Key */
/** @typedef {Record<string, string | number>} Values */

const STORED = 'corridor.language'
const TAGS = { en: 'en', zh: 'zh-CN' }

/** @returns {'en' | 'zh'} */
export function language() {
  return document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'
}

/** The reader's own kind of the page's language, as in `en-GB`: it decides how times and numbers are written. */
export function region() {
  return navigator.languages.find((tag) => tag.startsWith(language())) ?? TAGS[language()]
}

/** What the reader chose here before, else the first of the browser's languages that we speak, else English. */
export function preferred() {
  const wanted = [remembered(), ...navigator.languages]
  const known = wanted.find((tag) => /^(en|zh)\b/i.test(tag ?? ''))
  return known?.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** @param {'en' | 'zh'} chosen */
export function speak(chosen) {
  document.documentElement.lang = TAGS[chosen]
  translate(document)
}

/** @param {'en' | 'zh'} chosen */
export function remember(chosen) {
  try {
    localStorage.setItem(STORED, chosen)
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
}

function remembered() {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

/**
 * The sentence as a string, for attributes and titles.
 * @param {Key} key
 * @param {Values} [values]
 */
export function text(key, values = {}) {
  return template(key, values).replace(/\{(\w+)\}/g, (place, name) => shown(values[name]) ?? place)
}

/**
 * Puts a sentence into an element. Each value stands in a `<bdi>` of its own, so that a name in another script
 * cannot turn the sentence around.
 * @param {Element} element
 * @param {Key} key
 * @param {Values} [values]
 */
export function say(element, key, values = {}) {
  element.setAttribute('data-text', key)
  if (Object.keys(values).length > 0) element.setAttribute('data-values', JSON.stringify(values))
  else element.removeAttribute('data-values')
  const parts = template(key, values).split(/\{(\w+)\}/)
  element.replaceChildren(
    ...parts.map((part, index) => (index % 2 === 0 ? part : make('bdi', {}, shown(values[part]) ?? ''))),
  )
}

/**
 * Gives a control its spoken name and its tooltip.
 * @param {Element} element
 * @param {Key} key
 */
export function label(element, key) {
  element.setAttribute('data-label', key)
  element.setAttribute('aria-label', text(key))
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement) element.title = text(key)
}

/**
 * Reads every sentence below `root` again in the language of the page.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-text]')) {
    const values = element.getAttribute('data-values')
    say(element, keyOf(element, 'data-text'), values ? JSON.parse(values) : {})
  }
  for (const element of root.querySelectorAll('[data-label]')) label(element, keyOf(element, 'data-label'))
  for (const element of root.querySelectorAll('[data-placeholder]')) {
    element.setAttribute('placeholder', text(keyOf(element, 'data-placeholder')))
  }
  for (const element of root.querySelectorAll('time[datetime]')) {
    if (element instanceof HTMLTimeElement) tell(element)
  }
}

/**
 * A `<time>` that is read in the page's language: `clock` 14:05, `day` Today, `exact` 14:05:31.042.
 * @param {number} time ms since 1970
 * @param {'clock' | 'day' | 'exact'} style
 */
export function timeOf(time, style) {
  const element = make('time', { datetime: new Date(time).toISOString(), 'data-style': style })
  tell(element)
  return element
}

/**
 * Date and time in full, in the page's language.
 * @param {number | Date} time
 */
export function dateOf(time) {
  return formatter(FULL).format(time)
}

/** @param {HTMLTimeElement} element */
function tell(element) {
  const date = new Date(element.dateTime)
  element.title = dateOf(date)
  element.textContent =
    element.dataset.style === 'day'
      ? dayName(date, region())
      : formatter(element.dataset.style === 'exact' ? EXACT : CLOCK).format(date)
}

/**
 * To make a formatter takes a hundred times as long as to use it.
 * @param {Intl.DateTimeFormatOptions} style one of those below
 */
function formatter(style) {
  const tag = region()
  const known = formatters.get(style)
  if (known?.tag === tag) return known.format
  const format = new Intl.DateTimeFormat(tag, style)
  formatters.set(style, { tag, format })
  return format
}

/** @type {Map<Intl.DateTimeFormatOptions, { tag: string, format: Intl.DateTimeFormat }>} */
const formatters = new Map()

const FULL = /** @type {const} */ ({ dateStyle: 'full', timeStyle: 'medium' })
const CLOCK = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' })
const EXACT = /** @type {const} */ ({
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})

/**
 * @param {Date} date
 * @param {string} tag
 */
function dayName(date, tag) {
  const today = new Date()
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)
  if (date.toDateString() === today.toDateString()) return text('chat.day.today')
  if (date.toDateString() === yesterday.toDateString()) return text('chat.day.yesterday')
  const year = date.getFullYear() === today.getFullYear() ? {} : /** @type {const} */ ({ year: 'numeric' })
  return date.toLocaleDateString(tag, { weekday: 'long', day: 'numeric', month: 'long', ...year })
}

/**
 * @param {Key} key
 * @param {Values} values
 */
function template(key, values) {
  /** @type {import('./english.js').Sentence} */
  const sentence = (language() === 'zh' ? CHINESE : ENGLISH)[key] ?? key
  if (typeof sentence === 'string') return sentence
  const form = new Intl.PluralRules(TAGS[language()]).select(Number(values.count))
  return form === 'one' ? sentence.one : sentence.other
}

/** @param {string | number | undefined} value */
function shown(value) {
  return typeof value === 'number' ? value.toLocaleString(region()) : value
}

/**
 * @param {Element} element
 * @param {string} attribute
 */
function keyOf(element, attribute) {
  return /** @type {Key} */ (element.getAttribute(attribute))
}
