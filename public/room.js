/**
 * A room's page: loads the room's description, then opens the chat for a room with the events of a chat, and the console
 * for any other. If the room does not answer, the page tries again.
 */
import { openChat } from './chat.js'
import { openConsole } from './console.js'
import { copy, find, make } from './elements.js'
import { setText, translate } from './language.js'
import { askToken } from './locked.js'
import { isFinal, isLocked, readRefusal } from './refusal.js'
import { showRefusal } from './state.js'
import { headers } from './token.js'

/**
 * The part of a JSON schema that the pages use.
 * @typedef {{ [keyword: string]: unknown, type?: string, title?: string, description?: string, default?: unknown,
 *   enum?: unknown[], const?: unknown, format?: string, pattern?: string, minLength?: number, maxLength?: number,
 *   minimum?: number, maximum?: number, exclusiveMinimum?: number, exclusiveMaximum?: number, multipleOf?: number,
 *   required?: string[], properties?: Record<string, Schema> }} Schema
 */

/**
 * A room's description of itself.
 * @typedef {{ path: string, title?: string, summary?: string, kind?: 'event' | 'raw', module?: string,
 *   members?: { count: number, names: string[] }, epoch?: string | null, first?: number, seq?: number,
 *   receives?: Record<string, Schema>, sends?: Record<string, Schema>,
 *   params?: Record<string, string> }} Description `params`: the parameters of the room's path
 */

const SLOWEST_MS = 15_000

enter()

async function enter() {
  const place = find(document, '#place', HTMLElement)
  const state = find(document, '.state', HTMLElement)
  find(document, '[data-path]', HTMLElement).textContent = decoded(location.pathname)
  const room = await loadDescription(place, state)
  if (!room) return
  state.hidden = false
  showTitle(room)
  document.addEventListener('languageswitch', async () => showTitle(descriptionOf(await request()) ?? room))
  find(document, '[data-path]', HTMLElement).textContent = decoded(room.path)
  const chat = isChat(room)
  const page = copy(chat ? 'chat' : 'console')
  translate(page)
  place.replaceChildren(page)
  if (chat) openChat(place, room)
  else openConsole(place, room, async () => descriptionOf(await request()))
}

/** @param {Description} room */
function showTitle(room) {
  document.title = room.title ?? ''
  find(document, '[data-title]', HTMLElement).textContent = room.title ?? ''
}

/** @param {Description} room */
function isChat(room) {
  const receives = room.receives ?? {}
  return room.kind !== 'raw' && 'message' in receives && 'rename' in receives && 'typing' in receives
}

/**
 * Resolves to the room's description; to `undefined` if another attempt is useless, and then the page shows why.
 * @param {HTMLElement} place
 * @param {HTMLElement} state
 * @returns {Promise<Description | undefined>}
 */
async function loadDescription(place, state) {
  for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, SLOWEST_MS)) {
    const answer = await request()
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
    if (refusal) showRefusal(words, refusal)
    else setText(words, 'room.trouble')
    if (refusal && !isFinal(refusal)) setText(trying, 'room.again')
    place.replaceChildren(
      make('main', { class: 'waiting' }, words, trying, ...(refusal && isFinal(refusal) ? [wayBack()] : [])),
    )
    if (refusal && isFinal(refusal)) return undefined
    await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, refusal?.retryAfterMs ?? 0)))
  }
}

function wayBack() {
  const link = make('a', { class: 'solid', href: './' })
  setText(link, 'lost.back')
  return make('p', {}, link)
}

/** @returns {Promise<Description | import('./refusal.js').Refusal | undefined>} undefined: no answer */
async function request() {
  try {
    const answer = await fetch(location.pathname, { headers: headers(), cache: 'no-store' })
    return answer.ok ? await answer.json() : await readRefusal(answer)
  } catch {
    return undefined
  }
}

/** @param {Awaited<ReturnType<typeof request>>} answer */
function descriptionOf(answer) {
  if (!answer || !('path' in answer)) return undefined
  // A room of a path pattern is named by its parameters, because all its rooms share one title.
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
