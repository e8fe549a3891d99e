/**
 * What was said before the history a newcomer gets: read over HTTP from the room's own path (a Durable Streams read),
 * fifty at a time, when the reader asks for it.
 */
import { find, make } from './elements.js'
import { say } from './language.js'
import { messageRow } from './message.js'

const PAGE = 50

/**
 * @param {HTMLElement} place
 * @param {import('./thread.js').Thread} thread
 * @param {{ path: string, first: number, offset: string | undefined, mine: (id: string) => boolean }} room
 */
export function offerEarlier(place, thread, room) {
  const line = find(place, '.earlier', HTMLElement)
  const epoch = room.offset?.replace(/_\d{16}$/, '')
  if (!epoch) return
  const button = make('button', { type: 'button', class: 'quiet' })
  say(button, 'chat.earlier')
  line.replaceChildren(button)
  const show = () => {
    const oldest = thread.oldest()
    line.hidden = oldest === undefined || oldest <= room.first
  }
  button.addEventListener('click', async () => {
    const oldest = thread.oldest()
    if (oldest === undefined) return
    button.disabled = true
    const after = Math.max(room.first - 1, oldest - 1 - PAGE)
    const events = await read(`${epoch}_${String(after).padStart(16, '0')}`).catch(() => undefined)
    button.disabled = false
    if (!events) return say(button, 'chat.earlier.failed')
    say(button, 'chat.earlier')
    thread.prepend(
      events
        .filter(({ type, seq }) => type === 'message' && seq < oldest && !thread.has(seq))
        .map(({ seq, time, data: { from, text } }) =>
          messageRow({ author: from.id, name: from.name, text, time, seq, mine: room.mine(from.id) }),
        ),
    )
    if (after < room.first) line.hidden = true
    else show()
  })
  thread.onReady(show)
}

/**
 * @param {string} offset
 * @returns {Promise<{ type: string, seq: number, time: number, data: { from: { id: string, name: string }, text: string } }[]>}
 */
async function read(offset) {
  const url = new URL(location.pathname, location.href)
  url.searchParams.set('offset', offset)
  const answer = await fetch(url, { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`the room answered ${answer.status}`)
  const events = await answer.json()
  if (!Array.isArray(events)) throw new Error('expected an array of events')
  return events
}
