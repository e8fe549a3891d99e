/**
 * One message as a row: author, text, time and delivery. The text becomes text nodes, and links for web addresses, but no
 * other elements.
 */
import { find, hue, initial, make } from './elements.js'
import { dateOf, label, setText, timeOf } from './language.js'

const ADDRESS = /\bhttps?:\/\/[^\s<>"'，。、；：！？（）《》「」]+/g
/** Characters at the end that belong to the sentence, not to the address. */
const ENDINGS = /[.,;:!?*_~]$/
const PAIRS = /** @type {const} */ ([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])

/** Error codes with a translated text. Others are shown with the room's message. */
const TRANSLATED = /** @type {const} */ ([
  'rate_limited',
  'invalid',
  'unavailable',
  'internal',
  'forbidden',
  'closed',
  'queue_full',
  'too_large',
])

/**
 * @typedef {{ author: string, name: string, text: string, time: number, mine: boolean, seq?: number | undefined,
 *   delivery?: 'sent' }} MessageItem
 */

/**
 * @param {MessageItem} message
 * @returns {HTMLElement}
 */
export function messageRow(message) {
  const row = make(
    'li',
    { class: message.mine ? 'message mine' : 'message', 'data-author': message.author, 'data-name': message.name },
    make('span', { class: 'avatar', 'aria-hidden': 'true', 'data-hue': hue(message.name) }, initial(message.name)),
    make(
      'p',
      { class: 'author', 'data-hue': hue(message.name) },
      make('bdi', {}, message.name),
      ' ',
      timeOf(message.time, 'clock'),
    ),
    make('p', { class: 'text', dir: 'auto' }, ...linked(message.text)),
    make('p', { class: 'delivery' }),
  )
  row.dataset.time = String(message.time)
  if (message.seq !== undefined) row.dataset.seq = String(message.seq)
  find(row, '.text', HTMLElement).title = dateOf(message.time)
  if (message.delivery) showDelivery(row, message.delivery)
  return row
}

/**
 * @param {HTMLElement} row
 * @param {'sending' | 'queued' | 'sent'} delivery
 */
export function showDelivery(row, delivery) {
  row.dataset.delivery = delivery
  setText(find(row, '.delivery', HTMLElement), `chat.${delivery}`)
}

/**
 * @param {HTMLElement} row
 * @param {string} code of the error
 * @param {string} message what the room message about it
 * @param {{ retry: () => void, discard: () => void }} actions
 */
export function showFailure(row, code, message, actions) {
  row.dataset.delivery = 'failed'
  const reason = make('span')
  const known = TRANSLATED.find((one) => one === code)
  if (known) setText(reason, `error.${known}`)
  else setText(reason, 'error.other', { message: message || code })
  const why = make('span')
  setText(why, 'chat.failed', { reason: reason.textContent ?? code })
  const retry = make('button', { type: 'button', class: 'retry' })
  const discard = make('button', { type: 'button', class: 'discard' })
  setText(retry, 'chat.retry')
  setText(discard, 'chat.discard')
  label(discard, 'chat.discard')
  retry.addEventListener('click', actions.retry)
  discard.addEventListener('click', actions.discard)
  const delivery = find(row, '.delivery', HTMLElement)
  delivery.removeAttribute('data-text')
  delivery.replaceChildren(why, ' ', retry, discard)
}

/** @param {string} text */
function linked(text) {
  /** @type {(Node | string)[]} */
  const parts = []
  let end = 0
  for (const { 0: written, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(written)
    parts.push(text.slice(end, index), link(address))
    end = index + address.length
  }
  parts.push(text.slice(end))
  return parts
}

/**
 * Removes characters of the surrounding sentence. A closing bracket stays if the address contains its opening one.
 * @param {string} written
 */
function trimmed(written) {
  let address = written
  for (;;) {
    const shorter = address.slice(0, -1)
    const isClosing = PAIRS.some(
      ([open, close]) => address.endsWith(close) && address.split(close).length > address.split(open).length,
    )
    if (!isClosing && !ENDINGS.test(address)) return address
    address = shorter
  }
}

/** @param {string} address */
function link(address) {
  if (!URL.canParse(address)) return address
  return make('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, address)
}
