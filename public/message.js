/**
 * One message as a row: who, what, when, and how it fares on its way. Texts become text nodes; what looks like a web
 * address becomes a link, and nothing else is made of them.
 */
import { find, hue, initial, make } from './elements.js'
import { dateOf, label, say, timeOf } from './language.js'

const ADDRESS = /\bhttps?:\/\/[^\s<>"'，。、；：！？（）《》「」]+/g
/** What ends a sentence, not an address. */
const ENDINGS = /[.,;:!?*_~]$/
const PAIRS = /** @type {const} */ ([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])

/** Reasons we have words for; of others we show what the room says. */
const KNOWN = /** @type {const} */ ([
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
 *   fate?: 'sent' }} Said
 */

/**
 * @param {Said} said
 * @returns {HTMLElement}
 */
export function messageRow(said) {
  const row = make(
    'li',
    { class: said.mine ? 'message mine' : 'message', 'data-author': said.author, 'data-name': said.name },
    make('span', { class: 'avatar', 'aria-hidden': 'true', 'data-hue': hue(said.name) }, initial(said.name)),
    make(
      'p',
      { class: 'author', 'data-hue': hue(said.name) },
      make('bdi', {}, said.name),
      ' ',
      timeOf(said.time, 'clock'),
    ),
    make('p', { class: 'text', dir: 'auto' }, ...linked(said.text)),
    make('p', { class: 'fate' }),
  )
  row.dataset.time = String(said.time)
  if (said.seq !== undefined) row.dataset.seq = String(said.seq)
  find(row, '.text', HTMLElement).title = dateOf(said.time)
  if (said.fate) showFate(row, said.fate)
  return row
}

/**
 * @param {HTMLElement} row
 * @param {'sending' | 'queued' | 'sent'} fate
 */
export function showFate(row, fate) {
  row.dataset.fate = fate
  say(find(row, '.fate', HTMLElement), `chat.${fate}`)
}

/**
 * @param {HTMLElement} row
 * @param {string} code of the error
 * @param {string} message what the room said about it
 * @param {{ retry: () => void, discard: () => void }} way out
 */
export function showFailure(row, code, message, way) {
  row.dataset.fate = 'failed'
  const reason = make('span')
  const known = KNOWN.find((one) => one === code)
  if (known) say(reason, `error.${known}`)
  else say(reason, 'error.other', { message: message || code })
  const why = make('span')
  say(why, 'chat.failed', { reason: reason.textContent ?? code })
  const retry = make('button', { type: 'button', class: 'retry' })
  const discard = make('button', { type: 'button', class: 'discard' })
  say(retry, 'chat.retry')
  say(discard, 'chat.discard')
  label(discard, 'chat.discard')
  retry.addEventListener('click', way.retry)
  discard.addEventListener('click', way.discard)
  const fate = find(row, '.fate', HTMLElement)
  fate.removeAttribute('data-text')
  fate.replaceChildren(why, ' ', retry, discard)
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
 * The address without what belongs to the sentence around it: a closing bracket belongs to it where it was opened in it.
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
