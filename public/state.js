/**
 * The state of the connection, as the header shows it: a dot, a few words, and the seconds until the next try; and the
 * banner with the reason and a button where the connection ended for good.
 */
import { find } from './elements.js'
import { say } from './language.js'

/**
 * @typedef {{ state: 'connecting' } | { state: 'open' } | { state: 'waiting', until: number } | { state: 'offline' }
 *   | { state: 'closed', reason: string | undefined }} Shown
 * `until`: ms since 1970; `reason`: undefined where the reader asked for the end.
 */

/**
 * @param {() => void} again called when the reader wants to connect now
 * @returns {(shown: Shown) => void}
 */
export function stateLine(again) {
  const line = find(document, '.state', HTMLElement)
  const words = find(line, '.words', HTMLElement)
  const banner = find(document, '.banner', HTMLElement)
  const button = find(banner, 'button', HTMLButtonElement)
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking
  button.addEventListener('click', again)

  return (shown) => {
    clearInterval(ticking)
    line.dataset.state = shown.state
    banner.hidden = true
    if (shown.state === 'waiting') {
      const tick = () => {
        const seconds = Math.max(1, Math.ceil((shown.until - Date.now()) / 1000))
        if (words.dataset.values !== JSON.stringify({ seconds })) say(words, 'state.waiting', { seconds })
      }
      tick()
      ticking = setInterval(tick, 250)
      return
    }
    say(words, /** @type {const} */ (`state.${shown.state}`))
    if (shown.state !== 'closed' || shown.reason === undefined) return
    const reason = find(banner, '.words', HTMLElement)
    if (shown.reason) say(reason, 'state.refused', { reason: shown.reason })
    else say(reason, 'state.refused.plain')
    say(button, 'state.again')
    banner.hidden = false
  }
}
