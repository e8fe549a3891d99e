/** The frames that came in and went out, newest last: when, which way, how large; JSON folded, bytes in hexadecimal. */
import { find, make } from './elements.js'
import { say, timeOf } from './language.js'

const MOST_FRAMES = 500
const MOST_HEX_BYTES = 256
const PREVIEW = 160
const NEAR_PX = 40

/** @typedef {string | ArrayBuffer | Uint8Array<ArrayBuffer>} Data */

export class Frames {
  #scroll
  #list
  #nothing
  #tally
  #counted = { in: 0, out: 0 }

  /** @param {Element} root */
  constructor(root) {
    this.#scroll = find(root, '.frames', HTMLElement)
    this.#scroll.tabIndex = 0
    this.#list = find(root, '.frames ol', HTMLElement)
    this.#nothing = find(root, '.nothing', HTMLElement)
    this.#tally = find(root, '.tally', HTMLElement)
  }

  /**
   * @param {'in' | 'out'} way
   * @param {Data} data
   */
  add(way, data) {
    this.#counted[way] += 1
    say(this.#tally, 'console.tally', this.#counted)
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength
    const direction = make('span', { class: 'way-word' })
    say(direction, `console.${way}`)
    const size = make('span', { class: 'size' }, sizeOf(bytes))
    const head = make('p', { class: 'head' }, direction, ' ', timeOf(Date.now(), 'exact'), ' ', size)
    this.#append(
      make('li', { class: `frame ${way}` }, head, typeof data === 'string' ? textBody(data) : bytesBody(data)),
    )
  }

  /**
   * @param {import('./language.js').Key} key
   * @param {import('./language.js').Values} values
   */
  tell(key, values) {
    const line = make('p')
    say(line, key, values)
    this.#append(make('li', { class: 'frame told' }, line))
  }

  clear() {
    this.#counted = { in: 0, out: 0 }
    this.#tally.removeAttribute('data-text')
    this.#tally.replaceChildren()
    this.#list.replaceChildren()
    this.#nothing.hidden = false
  }

  /** @param {HTMLElement} item */
  #append(item) {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    const pinned = scrollHeight - scrollTop - clientHeight < NEAR_PX
    this.#nothing.hidden = true
    this.#list.append(item)
    if (this.#list.childElementCount > MOST_FRAMES) this.#list.firstElementChild?.remove()
    if (pinned) this.#scroll.scrollTop = this.#scroll.scrollHeight
  }
}

/** @param {string} text */
function textBody(text) {
  const pretty = prettyJson(text)
  if (pretty === undefined) return make('pre', { class: 'body', dir: 'auto' }, text)
  const preview = text.length > PREVIEW ? `${text.slice(0, PREVIEW)}…` : text
  return make('details', { class: 'body' }, make('summary', {}, make('code', {}, preview)), make('pre', {}, pretty))
}

/** @param {string} text */
function prettyJson(text) {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
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
