/**
 * The messages of a chat, oldest first: grouped by author, with a line for each day and a count of new ones. `chat.js` adds
 * them; `rows.js` decides which are in the page. The reader's own unconfirmed messages are last.
 */
import { find, make } from './elements.js'
import { setText, timeOf } from './language.js'
import { messageRow } from './message.js'
import { Rows } from './rows.js'

const TOGETHER_MS = 5 * 60_000
/** Items in memory at most. */
const MOST = 5000

/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */
/** @typedef {import('./message.js').MessageItem} MessageItem */
/**
 * @typedef {{ time: number, message?: MessageItem, seq?: number | undefined, info?: { kind: string, key: Key, values: Values },
 *   elements?: HTMLElement[] }} Item a message, or a line about the room
 */

export class Thread {
  #list
  #newer
  #empty
  #scroll
  /** @type {Rows<Item>} */
  #rows
  #unseen = 0
  #seqs = new Set()
  /** @type {HTMLElement[]} rows of unconfirmed messages */
  #pending = []
  /** @type {HTMLElement[]} rows of confirmed messages, removed with the next frame */
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
    this.#empty = find(root, '.nobody', HTMLElement)
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

  /** @param {() => void} fn called after the replay of history */
  onReady(fn) {
    this.#onReady = fn
  }

  /** @param {() => void} fn called if the reader is near the oldest message in memory */
  onTop(fn) {
    this.#onTop = fn
  }

  /** The history was replayed: from now on a screen reader announces new rows. */
  ready() {
    this.#onReady()
    this.#empty.hidden = this.#hasMessages()
    requestAnimationFrame(() => this.#scroll.removeAttribute('aria-busy'))
  }

  /**
   * Adds a confirmed message.
   * @param {MessageItem} message
   * @param {HTMLElement} [pending] the unconfirmed row it replaces
   */
  add(message, pending) {
    if (pending) {
      this.#pending = this.#pending.filter((row) => row !== pending)
      this.#leaving.push(pending)
    }
    if (message.seq !== undefined) this.#seqs.add(message.seq)
    this.#empty.hidden = true
    this.#rows.push({ time: message.time, message, seq: message.seq })
    if (!this.#rows.isPinned && !message.mine) this.#unseen += 1
  }

  /** Adds the row of an unconfirmed message. @param {HTMLElement} row */
  addPending(row) {
    row.dataset.pending = ''
    row.classList.add('first')
    this.#pending.push(row)
    this.#list.append(row)
    this.#empty.hidden = true
    this.toEnd()
  }

  /**
   * Adds a line about the room, such as a join, a leave or a gap.
   * @param {string} kind its CSS class
   * @param {Key} key
   * @param {Values} [values]
   */
  addInfo(kind, key, values = {}) {
    this.#rows.push({ time: Date.now(), info: { kind, key, values } })
  }

  /** Removes the row of an unconfirmed message. @param {HTMLElement} row */
  removePending(row) {
    this.#pending = this.#pending.filter((one) => one !== row)
    row.remove()
    this.#empty.hidden = this.#hasMessages()
  }

  /**
   * Inserts older messages above all that the log still has; visible rows stay in place.
   * @param {MessageItem[]} messages
   */
  prepend(messages) {
    const items = messages.map((message) => ({ time: message.time, message, seq: message.seq }))
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

  /** `seq` of the oldest message in memory. */
  oldest() {
    return this.#rows.items.find(({ seq }) => seq !== undefined)?.seq
  }

  /**
   * The log lost the events after `seq`: their rows stay, without a `seq`.
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

  #hasMessages() {
    return this.#pending.length > 0 || this.#rows.items.some(({ message }) => message)
  }

  /** @param {boolean} isPinned */
  #changed(isPinned) {
    for (const row of this.#leaving.splice(0)) row.remove()
    for (const row of this.#pending) row.hidden = !this.#rows.isAtEnd
    if (isPinned) this.#unseen = 0
    if (this.#newer.hidden !== isPinned) this.#newer.hidden = isPinned
    const count = this.#unseen
    const shown = String(count)
    if (isPinned || this.#newer.dataset.count === shown) return
    this.#newer.dataset.count = shown
    if (count > 0) setText(this.#newer, 'chat.newer', { count })
    else setText(this.#newer, 'chat.latest')
  }
}

/**
 * Builds the row of a message or line: with its day if it is the first of a day, and with its author if the one before
 * has another author.
 * @param {Item} item
 * @param {Item | undefined} before
 */
function rowOf({ message, info, seq, time }, before) {
  const isSameDay = before && new Date(before.time).toDateString() === new Date(time).toDateString()
  const row = message ? messageRow({ ...message, seq }) : line(info, time)
  const isTogether =
    isSameDay &&
    before.message?.author === message?.author &&
    before.message?.name === message?.name &&
    time - before.time < TOGETHER_MS
  if (message) row.classList.toggle('first', !isTogether)
  return isSameDay ? [row] : [make('li', { class: 'day' }, timeOf(time, 'day')), row]
}

/**
 * @param {Item['info']} info
 * @param {number} time
 */
function line(info, time) {
  const words = make('span')
  const row = make('li', { class: `info ${info?.kind}` }, words)
  if (info) setText(words, info.key, info.values)
  if (info?.kind === 'came' || info?.kind === 'gone') row.append(' ', timeOf(time, 'clock'))
  return row
}
