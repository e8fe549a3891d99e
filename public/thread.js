/**
 * The messages of a chat, oldest first: where a new row goes, which rows stand together, where a day begins, and
 * scrolling. `chat.js` decides what is said; rows of our own that the room has not confirmed stay at the end.
 */
import { find, make } from './elements.js'
import { say, timeOf } from './language.js'

const TOGETHER_MS = 5 * 60_000
const NEAR_PX = 60
const MOST_ROWS = 1500

/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */

export class Thread {
  #rows
  #scroll
  #newer
  #nobody
  #unseen = 0
  #pinned = true
  /** @type {() => void} */
  #onReady = () => {}

  /** @param {Element} root */
  constructor(root) {
    this.#rows = find(root, '.rows', HTMLElement)
    this.#scroll = find(root, '.scroll', HTMLElement)
    this.#newer = find(root, '.newer', HTMLButtonElement)
    this.#nobody = find(root, '.nobody', HTMLElement)
    this.#scroll.tabIndex = 0
    this.#scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    this.#newer.addEventListener('click', () => {
      this.toEnd()
      this.#scroll.focus()
    })
    // A keyboard that opens, a window that shrinks: who read the newest goes on reading the newest.
    const resized = new ResizeObserver(() => this.#pinned && this.toEnd())
    resized.observe(this.#scroll)
    resized.observe(this.#rows)
  }

  /** @param {() => void} fn called each time history has come */
  onReady(fn) {
    this.#onReady = fn
  }

  /** History has come: from now on a screen reader hears what is added. */
  ready() {
    this.#onReady()
    this.#nobody.hidden = this.#rows.querySelector('.message') !== null
    requestAnimationFrame(() => this.#scroll.removeAttribute('aria-busy'))
  }

  /**
   * @param {HTMLElement} row of `messageRow`, confirmed
   * @param {HTMLElement} [waiting] the unconfirmed row it takes the place of
   */
  add(row, waiting) {
    waiting?.remove()
    this.#insert(row, this.#rows.querySelector('.message[data-waiting]'))
  }

  /** @param {HTMLElement} row of `messageRow`, not yet confirmed */
  addWaiting(row) {
    row.dataset.waiting = ''
    this.#insert(row, null)
    this.toEnd()
  }

  /**
   * A line of the house: who came, who left, what is missing.
   * @param {string} kind its colour
   * @param {Key} key
   * @param {Values} [values]
   */
  tell(kind, key, values = {}) {
    const words = make('span')
    say(words, key, values)
    const line = make('li', { class: `told ${kind}` }, words)
    if (kind === 'came' || kind === 'gone') line.append(' ', timeOf(Date.now(), 'clock'))
    this.#insert(line, this.#rows.querySelector('.message[data-waiting]'))
  }

  /** @param {HTMLElement} row */
  remove(row) {
    const next = row.nextElementSibling
    row.remove()
    if (next instanceof HTMLElement) arrange(next)
  }

  /**
   * Older messages, above all others; what is being read stays where it is.
   * @param {HTMLElement[]} rows
   */
  prepend(rows) {
    const before = this.#scroll.scrollHeight - this.#scroll.scrollTop
    const first = this.#rows.firstElementChild
    for (const row of rows) this.#rows.insertBefore(row, first)
    for (const row of this.#rows.querySelectorAll('.message')) if (row instanceof HTMLElement) arrange(row)
    this.#scroll.scrollTop = this.#scroll.scrollHeight - before
  }

  /** @param {number} seq */
  has(seq) {
    return this.#rows.querySelector(`[data-seq="${seq}"]`) !== null
  }

  /** The first place in the log that is shown. */
  oldest() {
    const row = this.#rows.querySelector('[data-seq]')
    return row instanceof HTMLElement ? Number(row.dataset.seq) : undefined
  }

  /**
   * The log no longer has what came after `seq`: what is shown of it keeps no place.
   * @param {number} seq
   */
  forget(seq) {
    for (const row of this.#rows.querySelectorAll('[data-seq]')) {
      if (Number(row.getAttribute('data-seq')) > seq) row.removeAttribute('data-seq')
    }
  }

  toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight
    this.#pinned = true
    this.#seen()
  }

  /**
   * @param {HTMLElement} row
   * @param {Element | null} before
   */
  #insert(row, before) {
    this.#rows.insertBefore(row, before)
    if (row.matches('.message')) {
      arrange(row)
      this.#nobody.hidden = true
    }
    if (before instanceof HTMLElement) arrange(before)
    while (this.#pinned && this.#rows.childElementCount > MOST_ROWS) this.#rows.firstElementChild?.remove()
    if (this.#pinned) return this.toEnd()
    if (row.matches('.message:not(.mine)')) this.#unseen += 1
    this.#showNewer()
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR_PX
    if (this.#pinned) this.#seen()
    else this.#showNewer()
  }

  #seen() {
    this.#unseen = 0
    this.#newer.hidden = true
  }

  #showNewer() {
    this.#newer.hidden = false
    if (this.#unseen > 0) say(this.#newer, 'chat.newer', { count: this.#unseen })
    else say(this.#newer, 'chat.latest')
  }
}

/**
 * Sees to what stands above a message: a day where it is the first of one, its author where another spoke before.
 * @param {HTMLElement} row
 */
function arrange(row) {
  if (!row.matches('.message')) return
  const time = Number(row.dataset.time)
  const { last, days } = above(row)
  const sameDay = last && new Date(Number(last.dataset.time)).toDateString() === new Date(time).toDateString()
  for (const day of sameDay ? days : days.slice(1)) day.remove()
  if (!sameDay && days.length === 0) row.before(make('li', { class: 'day' }, timeOf(time, 'day')))
  const previous = row.previousElementSibling
  const together =
    previous instanceof HTMLElement &&
    previous.matches('.message') &&
    previous.dataset.author === row.dataset.author &&
    previous.dataset.name === row.dataset.name &&
    time - Number(previous.dataset.time) < TOGETHER_MS
  row.classList.toggle('first', !together)
}

/**
 * The message above a row, and the days told in between.
 * @param {Element} row
 */
function above(row) {
  /** @type {Element[]} */
  const days = []
  let before = row.previousElementSibling
  while (before && !before.matches('.message')) {
    if (before.matches('.day')) days.push(before)
    before = before.previousElementSibling
  }
  return { last: before instanceof HTMLElement ? before : undefined, days }
}
