/**
 * Loads earlier messages over HTTP from the room's own path, a page each time the reader scrolls to the top or presses the
 * button.
 */
import { find, make } from './elements.js'
import { setText } from './language.js'
import { headers } from './token.js'

const PAGE = 100
/** How long the reader must stay at the top before a page is loaded, so that a click on the button comes first. */
const REST_MS = 300

/** @typedef {{ type: string, seq: number, time: number, data: { from: { id: string, name: string }, text: string } }} Event */

/**
 * @param {HTMLElement} place
 * @param {import('./thread.js').Thread} thread
 * @param {{ first: () => number, epoch: () => string | undefined, isOwn: (id: string) => boolean }} room `first`: `seq`
 *   of the oldest event, as last reported by the room
 */
export function offerEarlier(place, thread, room) {
  const line = find(place, '.earlier', HTMLElement)
  const button = make('button', { type: 'button', class: 'quiet' })
  setText(button, 'chat.earlier')
  line.replaceChildren(button)
  let isReading = false
  let hasFailed = false
  /** The room has no events before this `seq`. */
  let end = 0

  const show = () => {
    const oldest = thread.oldest()
    line.hidden = thread.isFull || oldest === undefined || oldest <= Math.max(room.first(), end)
  }
  const read = async () => {
    if (isReading) return
    show()
    if (line.hidden) return
    isReading = true
    button.setAttribute('aria-disabled', 'true')
    hasFailed = await readBefore(thread.oldest() ?? 0).then(
      () => false,
      () => true,
    )
    isReading = false
    button.removeAttribute('aria-disabled')
    setText(button, hasFailed ? 'chat.earlier.failed' : 'chat.earlier')
    show()
  }
  button.addEventListener('click', read)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting
  thread.onTop(() => {
    clearTimeout(resting)
    // After a failure only the button loads again. A reader who points at it is about to press it.
    if (!hasFailed) resting = setTimeout(() => line.matches(':hover') || read(), REST_MS)
  })
  thread.onReady(show)

  /** @param {number} oldest */
  async function readBefore(oldest) {
    const url = new URL(location.pathname, location.href)
    url.searchParams.set('before', `${room.epoch()}_${String(oldest).padStart(16, '0')}`)
    url.searchParams.set('limit', String(PAGE))
    const answer = await fetch(url, { headers: headers(), cache: 'no-store' })
    if (!answer.ok) throw new Error(`the room answered ${answer.status}`)
    /** @type {Event[]} */
    const events = await answer.json()
    if (!answer.headers.has('stream-previous-offset')) end = events[0]?.seq ?? oldest
    thread.prepend(
      events
        .filter(({ type, seq }) => type === 'message' && seq < oldest && !thread.has(seq))
        .map(({ seq, time, data: { from, text } }) => ({
          author: from.id,
          name: from.name,
          text,
          time,
          seq,
          mine: room.isOwn(from.id),
        })),
    )
  }
}
