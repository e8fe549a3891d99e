/**
 * The language of the page, and the texts of its elements. The language is in `<html lang>`. An element keeps the key of
 * its text in `data-text`, so that a switch of the language translates the page in place.
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

/** The reader's regional tag of the page's language, such as `en-GB`: the format of times and numbers. */
export function region() {
  return navigator.languages.find((tag) => tag.startsWith(language())) ?? TAGS[language()]
}

/** The language chosen here before, else the first supported language of the browser, else English. */
export function preferredLanguage() {
  const wanted = [storedLanguage(), ...navigator.languages]
  const known = wanted.find((tag) => /^(en|zh)\b/i.test(tag ?? ''))
  return known?.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** @param {'en' | 'zh'} chosen */
export function setLanguage(chosen) {
  document.documentElement.lang = TAGS[chosen]
  translate(document)
}

/** @param {'en' | 'zh'} chosen */
export function storeLanguage(chosen) {
  try {
    localStorage.setItem(STORED, chosen)
  } catch {
    // Storage may be blocked. Then the choice lasts as long as the page.
  }
}

/** The value of `Accept-Language` with which rooms are asked for their titles. */
export function acceptedLanguages() {
  return [storedLanguage(), ...navigator.languages].filter((tag) => tag).join(', ')
}

function storedLanguage() {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

/**
 * Returns a text as a string, for attributes and titles.
 * @param {Key} key
 * @param {Values} [values]
 */
export function text(key, values = {}) {
  return sentenceOf(key, values).replace(/\{(\w+)\}/g, (place, name) => formatted(values[name]) ?? place)
}

/**
 * Sets the text of an element. Each value is in its own `<bdi>`, so that a name in a right-to-left script does not change
 * the order of the sentence.
 * @param {Element} element
 * @param {Key} key
 * @param {Values} [values]
 */
export function setText(element, key, values = {}) {
  element.setAttribute('data-text', key)
  if (Object.keys(values).length > 0) element.setAttribute('data-values', JSON.stringify(values))
  else element.removeAttribute('data-values')
  const parts = sentenceOf(key, values).split(/\{(\w+)\}/)
  element.replaceChildren(
    ...parts.map((part, index) => (index % 2 === 0 ? part : make('bdi', {}, formatted(values[part]) ?? ''))),
  )
}

/**
 * Sets the accessible name and the tooltip of a control.
 * @param {Element} element
 * @param {Key} key
 */
export function label(element, key) {
  element.setAttribute('data-label', key)
  element.setAttribute('aria-label', text(key))
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement) element.title = text(key)
}

/**
 * Translates every text below `root` into the language of the page.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-text]')) {
    const values = element.getAttribute('data-values')
    setText(element, keyOf(element, 'data-text'), values ? JSON.parse(values) : {})
  }
  for (const element of root.querySelectorAll('[data-label]')) label(element, keyOf(element, 'data-label'))
  for (const element of root.querySelectorAll('[data-placeholder]')) {
    element.setAttribute('placeholder', text(keyOf(element, 'data-placeholder')))
  }
  for (const element of root.querySelectorAll('time[datetime]')) {
    if (element instanceof HTMLTimeElement) showTime(element)
  }
}

/**
 * Makes a `<time>` in the page's language: `clock` 14:05, `day` Today, `exact` 14:05:31.042.
 * @param {number} time ms since 1970
 * @param {'clock' | 'day' | 'exact'} style
 */
export function timeOf(time, style) {
  const element = make('time', { datetime: new Date(time).toISOString(), 'data-style': style })
  showTime(element)
  return element
}

/**
 * Returns date and time in full, in the page's language.
 * @param {number | Date} time
 */
export function dateOf(time) {
  return formatter(FULL).format(time)
}

/** @param {HTMLTimeElement} element */
function showTime(element) {
  const date = new Date(element.dateTime)
  element.title = dateOf(date)
  element.textContent =
    element.dataset.style === 'day'
      ? dayName(date, region())
      : formatter(element.dataset.style === 'exact' ? EXACT : CLOCK).format(date)
}

/**
 * Returns a cached formatter: making one takes a hundred times as long as using it.
 * @param {Intl.DateTimeFormatOptions} style one of the constants below
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
function sentenceOf(key, values) {
  /** @type {import('./english.js').Sentence} */
  const sentence = (language() === 'zh' ? CHINESE : ENGLISH)[key] ?? key
  if (typeof sentence === 'string') return sentence
  const form = new Intl.PluralRules(TAGS[language()]).select(Number(values.count))
  return form === 'one' ? sentence.one : sentence.other
}

/** @param {string | number | undefined} value */
function formatted(value) {
  return typeof value === 'number' ? value.toLocaleString(region()) : value
}

/**
 * @param {Element} element
 * @param {string} attribute
 */
function keyOf(element, attribute) {
  return /** @type {Key} */ (element.getAttribute(attribute))
}
