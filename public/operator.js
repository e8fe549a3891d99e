/**
 * The operator's board: asks for the token, then shows the rooms and keeps them up to date while the page is visible.
 * `operator-room.js` shows one room and acts on it.
 */
import { find, make } from './elements.js'
import { region, setText } from './language.js'
import { ask, keepOperatorToken, operatorToken, Refused } from './operator-requests.js'
import { openButton, openRoom, prepareRoom } from './operator-room.js'

/**
 * @typedef {{ room: string, state: 'open' | 'failed' | 'closed', error?: string, members: number, messagesPerSecond: number,
 *   seq: number, storageBytes: number, alarms: number, node: string | null }} Line
 * @typedef {import('./language.js').Key} Key
 */

const POLL_MS = 3000
const PAGE = 100
const KIB = 1024

const entry = find(document, '.enter', HTMLFormElement)
const field = find(entry, 'input', HTMLInputElement)
const refused = find(entry, '.field-error', HTMLElement)
const board = find(document, '.board', HTMLElement)
const rows = find(board, 'tbody', HTMLElement)
const trouble = find(board, '.trouble', HTMLElement)
const done = find(board, '.done', HTMLElement)
const all = find(board, '.all', HTMLInputElement)
const more = find(board, '.more', HTMLButtonElement)
let pages = 1
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

prepareRoom((what) => {
  what.then(report, fail).then(show)
})
entry.addEventListener('submit', (event) => {
  event.preventDefault()
  // A token is often copied together with its header.
  keepOperatorToken(field.value.trim().replace(/^(authorization:\s*)?bearer\s+/i, ''))
  field.value = ''
  show()
})
find(board, '.leave', HTMLButtonElement).addEventListener('click', () => {
  leave()
  field.focus()
})
all.addEventListener('change', show)
more.addEventListener('click', () => {
  pages += 1
  show()
})
document.addEventListener('visibilitychange', show)
show()

async function show() {
  clearTimeout(timer)
  if (document.hidden || operatorToken() === '') return
  try {
    const { lines, hasMore } = await roomLines()
    const wasEntering = board.hidden
    entry.hidden = true
    board.hidden = false
    trouble.hidden = true
    more.hidden = !hasMore
    keepRows(lines)
    find(board, '.none', HTMLElement).hidden = lines.length > 0
    if (wasEntering) board.focus()
  } catch (error) {
    fail(error)
  }
  clearTimeout(timer)
  if (!board.hidden) timer = setTimeout(show, POLL_MS)
}

/** As many pages as the reader has asked for. */
async function roomLines() {
  /** @type {Line[]} */
  const lines = []
  let after = ''
  for (let page = 0; page < pages; page += 1) {
    const query = new URLSearchParams({ limit: String(PAGE), after, ...(all.checked && { all: 'true' }) })
    const { rooms, next } = await ask(`rooms?${query}`)
    lines.push(...rooms)
    if (next === undefined) return { lines, hasMore: false }
    after = next
  }
  return { lines, hasMore: true }
}

/** @param {unknown} error */
function fail(error) {
  const status = error instanceof Refused ? error.status : 0
  const isUnknown = status === 401 || (status === 404 && board.hidden)
  if (isUnknown) leave()
  const place = board.hidden ? refused : trouble
  trouble.hidden = false
  done.hidden = true
  if (status === 401) setText(place, 'operator.wrong')
  else if (status === 404 && isUnknown) setText(place, 'operator.off')
  else if (error instanceof Refused) place.textContent = error.message
  else setText(place, 'lobby.trouble')
  if (board.hidden) {
    field.setAttribute('aria-invalid', 'true')
    field.focus()
  }
}

/** @param {Key | undefined} key */
function report(key) {
  if (key === undefined) return
  done.hidden = false
  setText(done, key)
}

/** Forgets the token and the rooms. */
function leave() {
  keepOperatorToken('')
  board.hidden = true
  entry.hidden = false
  refused.replaceChildren()
  field.removeAttribute('aria-invalid')
  rows.replaceChildren()
  pages = 1
}

/** Rows stay the same elements, so that the focus stays. @param {Line[]} lines */
function keepRows(lines) {
  const present = new Map([...rows.children].map((row) => [row.getAttribute('data-key'), row]))
  for (const [key, row] of present) if (!lines.some(({ room }) => room === key)) row.remove()
  lines.forEach((line, index) => {
    const row = present.get(line.room) ?? newRow(line.room)
    fill(row, line)
    if (rows.children[index] !== row) rows.insertBefore(row, rows.children[index] ?? null)
  })
  const isAlone = lines.every(({ node }) => node === null)
  for (const cell of board.querySelectorAll('.node')) cell.toggleAttribute('hidden', isAlone)
}

/** @param {string} path */
function newRow(path) {
  const button = openButton(path)
  button.addEventListener('click', () => openRoom(path).catch(fail))
  const cells = ['state', 'members', 'rate', 'events', 'storage', 'alarms'].map((name) =>
    make('td', { class: name === 'state' ? 'state' : `${name} number` }),
  )
  return make(
    'tr',
    { 'data-key': path },
    make('th', { scope: 'row' }, make('code', {}, path)),
    ...cells,
    make('td', { class: 'node' }, make('code', {})),
    make('td', {}, button),
  )
}

/**
 * @param {Element} row
 * @param {Line} line
 */
function fill(row, { state, error, members, messagesPerSecond, seq, storageBytes, alarms, node }) {
  const cell = (/** @type {string} */ name) => find(row, `.${name}`, HTMLElement)
  cell('state').className = `state ${state}`
  setText(cell('state'), `operator.state.${state}`)
  cell('state').title = error ?? ''
  cell('members').textContent = members.toLocaleString(region())
  cell('rate').textContent = messagesPerSecond.toLocaleString(region())
  cell('events').textContent = seq.toLocaleString(region())
  cell('storage').textContent = `${(Math.ceil((storageBytes / KIB) * 10) / 10).toLocaleString(region())} KiB`
  cell('alarms').textContent = alarms.toLocaleString(region())
  cell('node code').textContent = node ?? ''
}
