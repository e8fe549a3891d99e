/**
 * What was said before the history a newcomer gets: read over HTTP from the room's own path (a Durable Streams read),
 * fifty at a time, when the reader asks for it.
 */
import { find, make } from './elements.js'
import { say } from './language.js'
import { messageRow } from './message.js'

const PAGE = 50

/** @typedef {{ type: string, seq: number, time: number, data: { from: { id: string, name: string }, text: string } }} Event */

/**
 * @param {HTMLElement} place
 * @param {import('./thread.js').Thread} thread
 * @param {{ first: number, mine: (id: string) => boolean }} room `first`: the oldest event the room keeps
 */
export function offerEarlier(place, thread, room) {
  const line = find(place, '.earlier', HTMLElement)
  const button = make('button', { type: 'button', class: 'quiet' })
  say(button, 'chat.earlier')
  line.replaceChildren(button)
  let { first } = room
  const show = () => {
    const oldest = thread.oldest()
    line.hidden = oldest === undefined || oldest <= first
  }
  button.addEventListener('click', async () => {
    button.disabled = true
    const failed = await readBefore(thread.oldest() ?? 0).then(
      () => false,
      () => true,
    )
    button.disabled = false
    say(button, failed ? 'chat.earlier.failed' : 'chat.earlier')
  })
  thread.onReady(show)

  /** @param {number} oldest */
  async function readBefore(oldest) {
    // What it keeps moves on: an offset from before its first event would be gone.
    const { epoch, first: now } = await ask()
    first = now
    const after = Math.max(first - 1, oldest - 1 - PAGE)
    /** @type {Event[]} */
    const events = after < oldest - 1 ? await ask(`${epoch}_${String(after).padStart(16, '0')}`) : []
    thread.prepend(
      events
        .filter(({ type, seq }) => type === 'message' && seq < oldest && !thread.has(seq))
        .map(({ seq, time, data: { from, text } }) =>
          messageRow({ author: from.id, name: from.name, text, time, seq, mine: room.mine(from.id) }),
        ),
    )
    if (after < first) line.hidden = true
    else show()
  }
}

/**
 * What the room says of itself, or what it keeps after an offset.
 * @param {string} [offset]
 */
async function ask(offset) {
  const url = new URL(location.pathname, location.href)
  if (offset) url.searchParams.set('offset', offset)
  const answer = await fetch(url, { headers: { accept: 'application/json' }, cache: 'no-store' })
  if (!answer.ok) throw new Error(`the room answered ${answer.status}`)
  return answer.json()
}
