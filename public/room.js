/**
 * A room's page: asks the room what it is, then opens the right page for it: the chat for a room that talks like one,
 * the console for any other. While the room does not answer, it asks again.
 */
import { openChat } from './chat.js'
import { openConsole } from './console.js'
import { copy, find, make } from './elements.js'
import { say, translate } from './language.js'

/**
 * A JSON schema, as far as the pages look into one.
 * @typedef {{ [keyword: string]: unknown, type?: string, title?: string, description?: string, default?: unknown,
 *   enum?: unknown[], const?: unknown, format?: string, pattern?: string, minLength?: number, maxLength?: number,
 *   minimum?: number, maximum?: number, exclusiveMinimum?: number, exclusiveMaximum?: number, multipleOf?: number,
 *   required?: string[], properties?: Record<string, Schema> }} Schema
 */

/**
 * What a room says of itself.
 * @typedef {{ path: string, title?: string, summary?: string, kind?: 'event' | 'raw', module?: string,
 *   members?: { count: number, names: string[] }, epoch?: string | null, first?: number, seq?: number,
 *   receives?: Record<string, Schema>, sends?: Record<string, Schema>,
 *   params?: Record<string, string> }} Description `params`: what the parameters of the room's path are
 */

const SLOWEST_MS = 15_000

enter()

async function enter() {
  const place = find(document, '#place', HTMLElement)
  const room = await described(place)
  if (!room) return
  // A room of one's own is known by its name, not by the title all rooms of its kind share.
  room.title = Object.values(room.params ?? {}).join(' / ') || room.title || decoded(room.path)
  document.title = room.title
  find(document, '[data-title]', HTMLElement).textContent = room.title
  find(document, '[data-path]', HTMLElement).textContent = decoded(room.path)
  const chat = isChat(room)
  const page = copy(chat ? 'chat' : 'console')
  translate(page)
  place.replaceChildren(page)
  if (chat) openChat(place, room)
  else openConsole(place, room)
}

/** @param {Description} room */
function isChat(room) {
  const receives = room.receives ?? {}
  return room.kind !== 'raw' && 'message' in receives && 'rename' in receives && 'typing' in receives
}

/**
 * The room's description; `undefined` where there is no use in asking again, which is then said on the page.
 * @param {HTMLElement} place
 * @returns {Promise<Description | undefined>}
 */
async function described(place) {
  for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, SLOWEST_MS)) {
    const answer = await ask()
    if (typeof answer !== 'number') return answer
    const locked = answer === 401 || answer === 403
    const final = locked || answer === 404
    const words = make('p', { class: 'waiting' })
    say(words, locked ? 'room.locked' : final ? 'room.gone' : 'room.trouble')
    place.replaceChildren(words)
    if (final) {
      find(document, '.state', HTMLElement).hidden = true
      return undefined
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

/** @returns {Promise<Description | number>} The description, or the HTTP status (0: no answer). */
async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: 'application/json' }, cache: 'no-store' })
    return answer.ok ? await answer.json() : answer.status
  } catch {
    return 0
  }
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
