/**
 * The lobby: requests the list of rooms every few seconds while the page is visible, and updates their cards. The card of a
 * room stays the same element, so that focus and typed text are kept.
 */
import { copy, find, hue, make } from './elements.js'
import { acceptedLanguages, region, setText, text, translate } from './language.js'
import { addressOf, prepareForm } from './path-form.js'

/**
 * @typedef {{ path: string, title?: string, summary?: string, members?: number, locked?: boolean,
 *   parameters?: string[], open?: { path: string, members: number }[] }} ListedRoom
 */

const POLL_MS = 3000
const SLOWEST_MS = 30_000

const wall = find(document, '#rooms', HTMLElement)
const trouble = find(document, '[data-trouble]', HTMLElement)
const health = find(document, '[data-health]', HTMLElement)
/** Key of the group of rooms with members. */
const OCCUPIED = '*'

watch()

/** Polls while the page is visible. The delay grows while the server does not answer. */
function watch() {
  let waitMs = POLL_MS
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let asking = false

  const ask = async () => {
    clearTimeout(timer)
    if (asking || document.hidden) return
    asking = true
    try {
      const [listed, isReady] = await Promise.all([rooms(), ready()])
      show(listed)
      showHealth(listed, isReady)
      waitMs = POLL_MS
      trouble.hidden = true
    } catch {
      waitMs = Math.min(waitMs * 2, SLOWEST_MS)
      setText(trouble, 'lobby.trouble')
      trouble.hidden = false
    }
    wall.classList.toggle('stale', !trouble.hidden)
    health.hidden = !trouble.hidden
    asking = false
    timer = setTimeout(ask, waitMs)
  }
  document.addEventListener('visibilitychange', ask)
  document.addEventListener('languageswitch', ask)
  addEventListener('online', ask)
  ask()
}

/** @returns {Promise<ListedRoom[]>} */
async function rooms() {
  const headers = { accept: 'application/json', 'accept-language': acceptedLanguages() }
  const answer = await fetch(document.baseURI, { headers, cache: 'no-store' })
  if (!answer.ok) throw new Error(`the lobby answered ${answer.status}`)
  const listed = (await answer.json()).rooms
  if (!Array.isArray(listed)) throw new Error('expected {"rooms": [...]}')
  return listed
}

/** Whether the server accepts connections and stores messages. */
async function ready() {
  return (await fetch(new URL('readyz', document.baseURI), { cache: 'no-store' })).ok
}

/**
 * @param {ListedRoom[]} listed
 * @param {boolean} isReady
 */
function showHealth(listed, isReady) {
  const people = listed.reduce((sum, { members = 0 }) => sum + members, 0)
  const open = listed.reduce((sum, { members = 0, open }) => sum + (open?.length ?? (members > 0 ? 1 : 0)), 0)
  health.classList.toggle('warn', !isReady)
  setText(health, isReady ? 'lobby.health' : 'lobby.unready', { people, open })
}

/** @param {ListedRoom[]} listed */
function show(listed) {
  wall.removeAttribute('aria-busy')
  if (listed.length === 0) {
    const nothing = make('p', { class: 'notice' })
    setText(nothing, 'lobby.none')
    return wall.replaceChildren(nothing)
  }
  for (const stray of wall.querySelectorAll(':scope > :not(section)')) stray.remove()
  const groups = grouped(listed)
  const focused = document.activeElement
  keep(wall, [...groups.keys()], group)
  for (const [name, members] of groups) {
    const doors = find(wall, `[data-key="${CSS.escape(name)}"] .doors`, HTMLElement)
    const byPath = new Map(members.map((room) => [room.path, room]))
    keep(doors, [...byPath.keys()], (path) => card(/** @type {ListedRoom} */ (byPath.get(path))))
    for (const element of doors.children) {
      const room = byPath.get(element.getAttribute('data-key') ?? '')
      if (room && element instanceof HTMLElement) refresh(element, room)
    }
  }
  // A card that moves to another group keeps its content, but loses the focus.
  if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true })
}

/**
 * Groups the rooms: first those with members, then the others; three or more rooms of one folder are a group of their own
 * at the end. Rooms with a form are last in their group, so that the tab order follows the visible order.
 * @param {ListedRoom[]} listed
 */
function grouped(listed) {
  const folderOf = (/** @type {ListedRoom} */ room) => /^\/[^/:]+(?=\/)/.exec(room.path)?.[0] ?? ''
  const sizes = new Map()
  for (const room of listed) sizes.set(folderOf(room), (sizes.get(folderOf(room)) ?? 0) + 1)
  const isForm = (/** @type {ListedRoom} */ room) => (room.parameters ?? []).length > 0
  const groupOf = (/** @type {ListedRoom} */ room) => {
    if ((room.members ?? 0) > 0 && !isForm(room)) return OCCUPIED
    return sizes.get(folderOf(room)) > 2 ? folderOf(room) : ''
  }
  /** @type {Map<string, ListedRoom[]>} */
  const groups = new Map([
    [OCCUPIED, []],
    ['', []],
  ])
  const ordered = listed.toSorted((a, b) => Number(isForm(a)) - Number(isForm(b)))
  for (const room of ordered) groups.set(groupOf(room), [...(groups.get(groupOf(room)) ?? []), room])
  for (const name of [OCCUPIED, '']) if (groups.get(name)?.length === 0) groups.delete(name)
  return groups
}

/**
 * Makes the children of `parent` those of `keys`, in that order. Changes only what differs.
 * @param {Element} parent
 * @param {string[]} keys
 * @param {(key: string) => Element} create
 */
function keep(parent, keys, create) {
  const present = new Map([...parent.children].map((child) => [child.getAttribute('data-key'), child]))
  for (const [key, child] of present) if (key === null || !keys.includes(key)) child.remove()
  keys.forEach((key, index) => {
    const child = present.get(key) ?? create(key)
    child.setAttribute('data-key', key)
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
  })
}

/** @param {string} name */
function group(name) {
  const section = find(copy('group'), 'section', HTMLElement)
  const heading = find(section, 'h2', HTMLElement)
  if (name === OCCUPIED) setText(heading, 'lobby.now')
  else if (name === '') setText(heading, 'lobby.rooms')
  else heading.textContent = name
  return section
}

/** @param {ListedRoom} room */
function card(room) {
  const parameterised = (room.parameters ?? []).length > 0
  const element = find(copy(parameterised ? 'parameterised' : 'room'), 'li', HTMLElement)
  element.setAttribute('data-hue', hue(room.path))
  if (parameterised) prepareForm(element, room)
  else find(element, '.way', HTMLAnchorElement).href = addressOf(room.path)
  translate(element)
  return element
}

/**
 * @param {HTMLElement} element
 * @param {ListedRoom} room
 */
function refresh(element, room) {
  const members = room.members ?? 0
  const title = element.querySelector('.way') ?? find(element, 'h3', HTMLElement)
  title.textContent = room.title || room.path
  find(element, '.path', HTMLElement).textContent = room.path
  find(element, '.summary', HTMLElement).textContent = room.summary ?? ''
  element.classList.toggle('ajar', members > 0)
  const people = find(element, '.people', HTMLElement)
  element.classList.toggle('locked', room.locked === true)
  if (room.locked) setText(people, 'lobby.locked')
  else if (members > 0) setText(people, 'lobby.people', { count: members })
  else setText(people, 'lobby.empty')
  if (room.parameters?.length) showOpen(element, room.open ?? [])
}

/**
 * Shows the open rooms of a path pattern, those with most members first.
 * @param {HTMLElement} element
 * @param {{ path: string, members: number }[]} open
 */
function showOpen(element, open) {
  const shown = open
    .filter(({ members }) => members > 0)
    .toSorted((a, b) => b.members - a.members)
    .slice(0, 24)
  find(element, '.live', HTMLElement).hidden = shown.length === 0
  const byPath = new Map(shown.map((instance) => [instance.path, instance.members]))
  keep(find(element, '.chips', HTMLElement), [...byPath.keys()], (path) =>
    make('li', {}, make('a', { href: addressOf(path) }, make('bdi', {}, readable(path)), make('b'))),
  )
  for (const chip of element.querySelectorAll('.chips li')) {
    const members = byPath.get(chip.getAttribute('data-key') ?? '') ?? 0
    find(chip, 'b', HTMLElement).textContent = members.toLocaleString(region())
    find(chip, 'a', HTMLElement).title = text('lobby.people', { count: members })
  }
}

/** @param {string} path */
function readable(path) {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
