/**
 * The messages of a chat, oldest first: which rows belong together, where a day begins, and what is new below. `chat.js`
 * decides what is said, `rows.js` what of it is in the page; rows of our own that the room has not confirmed come last.
 */
import { find, make } from './elements.js'
import { say, timeOf } from './language.js'
import { messageRow } from './message.js'
import { Rows } from './rows.js'

const TOGETHER_MS = 5 * 60_000
/** In memory; what is older is read from the room again when one scrolls to it. */
const MOST = 5000

/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */
/** @typedef {import('./message.js').Said} Said */
/**
 * @typedef {{ time: number, said?: Said, seq?: number | undefined, told?: { kind: string, key: Key, values: Values },
 *   elements?: HTMLElement[] }} Item a message, or a line about the room
 */

export class Thread {
  #list
  #newer
  #nobody
  #scroll
  /** @type {Rows<Item>} */
  #rows
  #unseen = 0
  #seqs = new Set()
  /** @type {HTMLElement[]} ours, not yet confirmed */
  #waiting = []
  /** @type {HTMLElement[]} confirmed, and leaving when their message is shown */
  #leaving = []
  /** @type {() => void} */
  #onReady = () => {}
  /** @type {() => void} */
  #onTop = () => {}

  /** @param {Element} root */
  constructor(root) {
    this.#list = find(root, '.rows', HTMLElement)
    this.#scroll = find(root, '.scroll', HTMLElement)
    this.#newer = find(root, '.newer', HTMLButtonElement)
    this.#nobody = find(root, '.nobody', HTMLElement)
    this.#rows = new Rows(this.#scroll, this.#list, {
      most: MOST,
      build: rowOf,
      isTop: () => this.#onTop(),
      changed: (isPinned) => this.#changed(isPinned),
      dropped: ({ seq }) => this.#seqs.delete(seq),
    })
    this.#newer.addEventListener('click', () => {
      this.toEnd()
      this.#scroll.focus()
    })
  }

  /** @param {() => void} fn called each time history has come */
  onReady(fn) {
    this.#onReady = fn
  }

  /** @param {() => void} fn called when the reader is near the oldest message that is in memory */
  onTop(fn) {
    this.#onTop = fn
  }

  /** History has come: from now on a screen reader hears what is added. */
  ready() {
    this.#onReady()
    this.#nobody.hidden = this.#isSpoken()
    requestAnimationFrame(() => this.#scroll.removeAttribute('aria-busy'))
  }

  /**
   * @param {Said} said confirmed
   * @param {HTMLElement} [waiting] the unconfirmed row it takes the place of
   */
  add(said, waiting) {
    if (waiting) {
      this.#waiting = this.#waiting.filter((row) => row !== waiting)
      this.#leaving.push(waiting)
    }
    if (said.seq !== undefined) this.#seqs.add(said.seq)
    this.#nobody.hidden = true
    this.#rows.push({ time: said.time, said, seq: said.seq })
    if (!this.#rows.isPinned && !said.mine) this.#unseen += 1
  }

  /** @param {HTMLElement} row of `messageRow`, not yet confirmed */
  addWaiting(row) {
    row.dataset.waiting = ''
    row.classList.add('first')
    this.#waiting.push(row)
    this.#list.append(row)
    this.#nobody.hidden = true
    this.toEnd()
  }

  /**
   * A line about the room: who came, who left, what is missing.
   * @param {string} kind its colour
   * @param {Key} key
   * @param {Values} [values]
   */
  tell(kind, key, values = {}) {
    this.#rows.push({ time: Date.now(), told: { kind, key, values } })
  }

  /** @param {HTMLElement} row that was waiting */
  remove(row) {
    this.#waiting = this.#waiting.filter((one) => one !== row)
    row.remove()
    this.#nobody.hidden = this.#isSpoken()
  }

  /**
   * Older messages, above all others that the log still has; what is being read stays where it is.
   * @param {Said[]} messages
   */
  prepend(messages) {
    const items = messages.map((said) => ({ time: said.time, said, seq: said.seq }))
    // A screen reader does not announce older messages.
    this.#scroll.setAttribute('aria-busy', 'true')
    const oldest = this.#rows.items.findIndex(({ seq }) => seq !== undefined)
    for (const { seq } of this.#rows.insert(items, Math.max(0, oldest))) this.#seqs.add(seq)
    requestAnimationFrame(() => this.#scroll.removeAttribute('aria-busy'))
  }

  /** @param {number} seq */
  has(seq) {
    return this.#seqs.has(seq)
  }

  /** No more older messages fit into memory. */
  get isFull() {
    return this.#rows.space === 0
  }

  /** The first place in the log that is in memory. */
  oldest() {
    return this.#rows.items.find(({ seq }) => seq !== undefined)?.seq
  }

  /**
   * The log no longer has what came after `seq`: what is shown of it keeps no place.
   * @param {number} seq
   */
  forget(seq) {
    for (const item of this.#rows.items) {
      if (item.seq === undefined || item.seq <= seq) continue
      this.#seqs.delete(item.seq)
      item.seq = undefined
      for (const element of item.elements ?? []) element.removeAttribute('data-seq')
    }
  }

  toEnd() {
    this.#rows.toEnd()
  }

  #isSpoken() {
    return this.#waiting.length > 0 || this.#rows.items.some(({ said }) => said)
  }

  /** @param {boolean} isPinned */
  #changed(isPinned) {
    for (const row of this.#leaving.splice(0)) row.remove()
    for (const row of this.#waiting) row.hidden = !this.#rows.isAtEnd
    if (isPinned) this.#unseen = 0
    if (this.#newer.hidden !== isPinned) this.#newer.hidden = isPinned
    const count = this.#unseen
    const shown = String(count)
    if (isPinned || this.#newer.dataset.count === shown) return
    this.#newer.dataset.count = shown
    if (count > 0) say(this.#newer, 'chat.newer', { count })
    else say(this.#newer, 'chat.latest')
  }
}

/**
 * A message or line, under its day where it is the first of one, and with its author where another spoke before.
 * @param {Item} item
 * @param {Item | undefined} before
 */
function rowOf({ said, told, seq, time }, before) {
  const isSameDay = before && new Date(before.time).toDateString() === new Date(time).toDateString()
  const row = said ? messageRow({ ...said, seq }) : line(told, time)
  const isTogether =
    isSameDay &&
    before.said?.author === said?.author &&
    before.said?.name === said?.name &&
    time - before.time < TOGETHER_MS
  if (said) row.classList.toggle('first', !isTogether)
  return isSameDay ? [row] : [make('li', { class: 'day' }, timeOf(time, 'day')), row]
}

/**
 * @param {Item['told']} told
 * @param {number} time
 */
function line(told, time) {
  const words = make('span')
  const row = make('li', { class: `told ${told?.kind}` }, words)
  if (told) say(words, told.key, told.values)
  if (told?.kind === 'came' || told?.kind === 'gone') row.append(' ', timeOf(time, 'clock'))
  return row
}
