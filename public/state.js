/**
 * The state of the connection in the header: a dot, a few words, and the seconds until the next attempt. A banner shows the
 * reason and a button if the room refuses the reader or the connection ended for good.
 */
import { find } from './elements.js'
import { setText } from './language.js'
import { isLocked } from './refusal.js'
import { keepToken } from './token.js'

/**
 * @typedef {{ state: 'connecting' } | { state: 'open' } | { state: 'waiting', until: number, refusal?: Refusal | undefined }
 *   | { state: 'closed', code?: number | string | undefined, reason?: string | undefined, refusal?: Refusal | undefined }} Shown
 * `until`: ms since 1970. `closed` without a code: the reader disconnected.
 * @typedef {import('./refusal.js').Refusal} Refusal
 * @typedef {import('./language.js').Key} Key
 */

/** Codes with a translated text. Any other refusal is shown with the server's message. */
const TRANSLATED = /** @type {const} */ ([
  'room_full',
  'server_full',
  'too_many',
  'too_many_rooms',
  'rate_limited',
  'foreign_origin',
  'no_such_room',
  'no_token',
  'bad_token',
  'token_expired',
  'draining',
  'room_failed',
])

/**
 * @param {() => void} reconnect called if the reader wants to connect now
 * @returns {(shown: Shown) => void}
 */
export function stateLine(reconnect) {
  const line = find(document, '.state', HTMLElement)
  const words = find(line, '.words', HTMLElement)
  const banner = find(document, '.banner', HTMLElement)
  const why = find(banner, '.words', HTMLElement)
  const button = find(banner, 'button', HTMLButtonElement)
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking
  /** @type {Shown} */
  let last = { state: 'connecting' }
  let needsToken = false
  button.addEventListener('click', () => {
    if (!needsToken) return reconnect()
    keepToken('')
    location.reload()
  })

  const show = () => {
    clearInterval(ticking)
    // Without a network nothing is received, even if the connection does not report it yet.
    const offline = !navigator.onLine && last.state !== 'closed'
    line.dataset.state = offline ? 'offline' : last.state
    if (offline) setText(words, 'state.offline')
    else if (last.state === 'waiting') ticking = countDown(words, last.until)
    else setText(words, /** @type {const} */ (`state.${last.state}`))
    banner.hidden = offline || !explain(why, last)
    needsToken = endsWithToken(last)
    setText(button, needsToken ? 'state.token' : last.state === 'waiting' ? 'state.now' : 'state.again')
  }
  addEventListener('offline', show)
  addEventListener('online', show)
  return (shown) => {
    last = shown
    show()
  }
}

/**
 * Shows why there is no connection. Returns false if there is no reason to show.
 * @param {HTMLElement} element
 * @param {Shown} shown
 */
function explain(element, shown) {
  if (shown.state !== 'waiting' && shown.state !== 'closed') return false
  if (shown.refusal) {
    showRefusal(element, shown.refusal)
    return true
  }
  if (shown.state === 'waiting' || shown.code === undefined) return false
  if (shown.reason) setText(element, 'state.refused', { reason: shown.reason })
  else setText(element, 'state.refused.code', { code: String(shown.code) })
  return true
}

/**
 * Shows a refusal, and what happens next.
 * @param {HTMLElement} element
 * @param {Refusal} refusal
 */
export function showRefusal(element, { status, code, message }) {
  const known = TRANSLATED.find((one) => one === code)
  if (known) setText(element, `refused.${known}`)
  else setText(element, 'refused.other', { reason: message, status: String(status), code })
}

/** @param {Shown} shown */
function endsWithToken(shown) {
  if (shown.state !== 'waiting' && shown.state !== 'closed') return false
  if (shown.refusal) return isLocked(shown.refusal)
  return shown.state === 'closed' && /\btoken\b/.test(shown.reason ?? '')
}

/**
 * @param {HTMLElement} words
 * @param {number} until
 */
function countDown(words, until) {
  const tick = () => {
    const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000))
    if (words.dataset.values !== JSON.stringify({ seconds })) setText(words, 'state.waiting', { seconds })
  }
  tick()
  return setInterval(tick, 250)
}
