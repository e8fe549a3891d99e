/**
 * The state of the connection, as the header shows it: a dot, a few words, and the seconds until the next try; and the
 * banner with the reason and a button where the room does not let one in, or the connection ended for good.
 */
import { find } from './elements.js'
import { say } from './language.js'
import { isLocked } from './refusal.js'
import { keepToken } from './token.js'

/**
 * @typedef {{ state: 'connecting' } | { state: 'open' } | { state: 'waiting', until: number, refusal?: Refusal | undefined }
 *   | { state: 'closed', code?: number | string | undefined, reason?: string | undefined, refusal?: Refusal | undefined }} Shown
 * `until`: ms since 1970; a `closed` without code is what the reader asked for.
 * @typedef {import('./refusal.js').Refusal} Refusal
 * @typedef {import('./language.js').Key} Key
 */

/** What we say of a refusal in our own words; of any other we show the server's. */
const KNOWN = /** @type {const} */ ([
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
 * @param {() => void} again called when the reader wants to connect now
 * @returns {(shown: Shown) => void}
 */
export function stateLine(again) {
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
    if (!needsToken) return again()
    keepToken('')
    location.reload()
  })

  const show = () => {
    clearInterval(ticking)
    // Whatever a connection that has not noticed yet says: without a network nothing is heard.
    const offline = !navigator.onLine && last.state !== 'closed'
    line.dataset.state = offline ? 'offline' : last.state
    if (offline) say(words, 'state.offline')
    else if (last.state === 'waiting') ticking = countDown(words, last.until)
    else say(words, /** @type {const} */ (`state.${last.state}`))
    banner.hidden = offline || !explain(why, last)
    needsToken = endsWithToken(last)
    say(button, needsToken ? 'state.token' : last.state === 'waiting' ? 'state.now' : 'state.again')
  }
  addEventListener('offline', show)
  addEventListener('online', show)
  return (shown) => {
    last = shown
    show()
  }
}

/**
 * Says why there is no connection. Returns false where there is nothing to say.
 * @param {HTMLElement} element
 * @param {Shown} shown
 */
function explain(element, shown) {
  if (shown.state !== 'waiting' && shown.state !== 'closed') return false
  if (shown.refusal) {
    sayRefusal(element, shown.refusal)
    return true
  }
  if (shown.state === 'waiting' || shown.code === undefined) return false
  if (shown.reason) say(element, 'state.refused', { reason: shown.reason })
  else say(element, 'state.refused.code', { code: String(shown.code) })
  return true
}

/**
 * A refusal in words, and what happens next where something does.
 * @param {HTMLElement} element
 * @param {Refusal} refusal
 */
export function sayRefusal(element, { status, code, message }) {
  const known = KNOWN.find((one) => one === code)
  if (known) say(element, `refused.${known}`)
  else say(element, 'refused.other', { reason: message, status: String(status), code })
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
    if (words.dataset.values !== JSON.stringify({ seconds })) say(words, 'state.waiting', { seconds })
  }
  tick()
  return setInterval(tick, 250)
}
