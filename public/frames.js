/** The list of received and sent frames, newest last, with time, direction and size: JSON folded, bytes in hexadecimal. */
import { find, make } from './elements.js'
import { setText, timeOf } from './language.js'
import { Rows } from './rows.js'

/** Frames in memory at most, and their bytes. */
const MOST = 10_000
const HEAVIEST = 32 * 1024 * 1024
const MOST_HEX_BYTES = 256
const PREVIEW = 160

/** @typedef {string | ArrayBuffer | Uint8Array<ArrayBuffer>} Data */
/** @typedef {import('./language.js').Key} Key */
/** @typedef {import('./language.js').Values} Values */
/**
 * @typedef {{ time: number, weight: number, direction?: 'in' | 'out', data?: Data, info?: { key: Key, values: Values },
 *   elements?: HTMLElement[] }} Item a frame, or a line about the connection
 */

export class Frames {
  #empty
  #tally
  /** @type {Rows<Item>} */
  #rows
  #counted = { in: 0, out: 0 }

  /** @param {Element} root */
  constructor(root) {
    this.#empty = find(root, '.nothing', HTMLElement)
    this.#tally = find(root, '.tally', HTMLElement)
    this.#rows = new Rows(find(root, '.frames', HTMLElement), find(root, '.frames ol', HTMLElement), {
      most: MOST,
      heaviest: HEAVIEST,
      build: (item) => [item.info ? line(item) : frame(item)],
      changed: () => this.#changed(),
    })
  }

  /**
   * @param {'in' | 'out'} direction
   * @param {Data} data
   */
  add(direction, data) {
    this.#counted[direction] += 1
    this.#rows.push({
      direction,
      data,
      time: Date.now(),
      weight: typeof data === 'string' ? data.length * 2 : data.byteLength,
    })
  }

  /**
   * @param {Key} key
   * @param {Values} [values]
   */
  addInfo(key, values = {}) {
    this.#rows.push({ info: { key, values }, time: Date.now(), weight: 0 })
  }

  clear() {
    this.#counted = { in: 0, out: 0 }
    this.#rows.clear()
    this.#changed()
  }

  #changed() {
    this.#empty.hidden = this.#rows.items.length > 0
    const { in: came, out } = this.#counted
    if (came + out > 0) setText(this.#tally, 'console.tally', this.#counted)
    else {
      this.#tally.removeAttribute('data-text')
      this.#tally.replaceChildren()
    }
  }
}

/** @param {Item} item */
function line({ info, time }) {
  const words = make('span')
  if (info) setText(words, info.key, info.values)
  return make('li', { class: 'frame info' }, make('p', {}, words, ' ', timeOf(time, 'exact')))
}

/** @param {Item} item */
function frame({ direction = 'in', data = '', time }) {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength
  const label = make('span', { class: 'direction' })
  setText(label, `console.${direction}`)
  const size = make('span', { class: 'size' }, sizeOf(bytes))
  const head = make('p', { class: 'head' }, label, ' ', timeOf(time, 'exact'), ' ', size)
  return make('li', { class: `frame ${direction}` }, head, typeof data === 'string' ? textBody(data) : bytesBody(data))
}

/** @param {string} text */
function textBody(text) {
  if (!isJson(text)) return make('pre', { class: 'body', dir: 'auto' }, text)
  const preview = text.length > PREVIEW ? `${text.slice(0, PREVIEW)}…` : text
  const pretty = make('pre')
  const body = make('details', { class: 'body' }, make('summary', {}, make('code', {}, preview)), pretty)
  body.addEventListener(
    'toggle',
    () => {
      pretty.textContent = JSON.stringify(JSON.parse(text), null, 2)
    },
    { once: true },
  )
  return body
}

/** @param {string} text */
function isJson(text) {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} data */
function bytesBody(data) {
  const bytes = new Uint8Array(data)
  const shown = bytes.subarray(0, MOST_HEX_BYTES)
  const lines = []
  for (let start = 0; start < shown.length; start += 16) {
    const row = [...shown.subarray(start, start + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const readable = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${start.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${readable}`)
  }
  if (bytes.length > shown.length) lines.push('…')
  return make('pre', { class: 'body bytes' }, lines.join('\n'))
}

/** @param {number} bytes */
function sizeOf(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`
}
