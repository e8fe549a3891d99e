/**
 * A room's page: asks the room what it is, then opens the right page for it: the chat for a room that talks like one,
 * the console for any other. While the room does not answer, it asks again.
 */
import { openChat } from './chat.js'
import { openConsole } from './console.js'
import { copy, find, make } from './elements.js'
import { say, translate } from './language.js'
import { askToken } from './locked.js'
import { isFinal, isLocked, readRefusal } from './refusal.js'
import { sayRefusal } from './state.js'
import { headers } from './token.js'

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
  const state = find(document, '.state', HTMLElement)
  find(document, '[data-path]', HTMLElement).textContent = decoded(location.pathname)
  const room = await described(place, state)
  if (!room) return
  state.hidden = false
  document.title = room.title ?? ''
  find(document, '[data-title]', HTMLElement).textContent = room.title ?? ''
  find(document, '[data-path]', HTMLElement).textContent = decoded(room.path)
  const chat = isChat(room)
  const page = copy(chat ? 'chat' : 'console')
  translate(page)
  place.replaceChildren(page)
  if (chat) openChat(place, room)
  else openConsole(place, room, async () => descriptionOf(await ask()))
}

/** @param {Description} room */
function isChat(room) {
  const receives = room.receives ?? {}
  return room.kind !== 'raw' && 'message' in receives && 'rename' in receives && 'typing' in receives
}

/**
 * The room's description; `undefined` where there is no use in asking again, which is then said on the page.
 * @param {HTMLElement} place
 * @param {HTMLElement} state
 * @returns {Promise<Description | undefined>}
 */
async function described(place, state) {
  for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, SLOWEST_MS)) {
    const answer = await ask()
    const room = descriptionOf(answer)
    if (room) return room
    const refusal = answer && 'status' in answer ? answer : undefined
    state.hidden = refusal !== undefined && isFinal(refusal)
    if (refusal && isLocked(refusal)) {
      await askToken(place, refusal)
      waitMs = 500
      continue
    }
    const words = make('p')
    const trying = make('p')
    if (refusal) sayRefusal(words, refusal)
    else say(words, 'room.trouble')
    if (refusal && !isFinal(refusal)) say(trying, 'room.again')
    place.replaceChildren(
      make('main', { class: 'waiting' }, words, trying, ...(refusal && isFinal(refusal) ? [wayBack()] : [])),
    )
    if (refusal && isFinal(refusal)) return undefined
    await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, refusal?.retryAfterMs ?? 0)))
  }
}

function wayBack() {
  const link = make('a', { class: 'solid', href: './' })
  say(link, 'lost.back')
  return make('p', {}, link)
}

/** @returns {Promise<Description | import('./refusal.js').Refusal | undefined>} undefined: no answer */
async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: headers(), cache: 'no-store' })
    return answer.ok ? await answer.json() : await readRefusal(answer)
  } catch {
    return undefined
  }
}

/** @param {Awaited<ReturnType<typeof ask>>} answer */
function descriptionOf(answer) {
  if (!answer || !('path' in answer)) return undefined
  // A room of one's own is known by its name, not by the title all rooms of its kind share.
  const title = Object.values(answer.params ?? {}).join(' / ') || answer.title || decoded(answer.path)
  return { ...answer, title }
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
