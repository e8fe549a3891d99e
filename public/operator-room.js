/**
 * One room on the operator's board: who is in it, its alarms, and what can be done to it, each after a question.
 * `operator.js` opens it.
 */
import { find, make } from './elements.js'
import { setText, text, timeOf } from './language.js'
import { ask } from './operator-requests.js'

/**
 * @typedef {{ id: string, connection: string, name: string, via: string, address?: string, isHere: boolean }} Peer
 * @typedef {{ name: string, at: number, failures: number, lastError?: string }} Alarm
 * @typedef {{ room: string, state: string, error?: string, node: string | null, peers: Peer[], alarms: Alarm[] }} Room
 * @typedef {import('./language.js').Key} Key
 */

const dialog = find(document, '.room-dialog', HTMLDialogElement)
const confirming = find(document, '.confirm', HTMLDialogElement)
const QUESTIONS = /** @type {const} */ ({
  kick: ['operator.kick', 'operator.kick.question', 'operator.kick.consequence'],
  restart: ['operator.restart', 'operator.restart.question', 'operator.restart.consequence'],
  'clear-history': ['operator.clear', 'operator.clear.question', 'operator.clear.consequence'],
  erase: ['operator.erase', 'operator.erase.question', 'operator.erase.consequence'],
})
/** @typedef {keyof typeof QUESTIONS} Act */

let shown = ''
/** @type {(what: Promise<Key | undefined>) => void} */
let report = () => {}

/** @param {(what: Promise<Key | undefined>) => void} done is told of each act: the text that reports it, or its error */
export function prepareRoom(done) {
  report = done
  find(dialog, '.close', HTMLButtonElement).addEventListener('click', () => dialog.close())
  for (const button of dialog.querySelectorAll('button[data-act]')) {
    const act = /** @type {Act} */ (button.getAttribute('data-act'))
    button.addEventListener('click', () => report(confirmed(act, { room: shown }, shown)))
  }
}

/** @param {string} path */
export async function openRoom(path) {
  shown = path
  await refresh()
  dialog.showModal()
}

async function refresh() {
  /** @type {Room} */
  const room = await ask(`room?room=${encodeURIComponent(shown)}`)
  find(dialog, 'h2', HTMLElement).textContent = room.room
  const why = find(dialog, '.why', HTMLElement)
  why.hidden = room.error === undefined
  why.textContent = room.error ?? ''
  const where = find(dialog, '.node', HTMLElement)
  where.hidden = room.node === null
  setText(where, 'operator.livesOn', { node: room.node ?? '' })
  find(dialog, '.peers', HTMLElement).replaceChildren(...room.peers.map(peerLine))
  find(dialog, '.nobody', HTMLElement).hidden = room.peers.length > 0
  find(dialog, '.due', HTMLElement).replaceChildren(...room.alarms.map(alarmLine))
  find(dialog, '.no-alarms', HTMLElement).hidden = room.alarms.length > 0
}

/** @param {Peer} peer */
function peerLine({ id, connection, name, via, address, isHere }) {
  const button = make('button', { type: 'button', class: 'quiet danger' })
  setText(button, 'operator.kick')
  button.setAttribute('aria-label', `${text('operator.kick')}: ${name}`)
  button.addEventListener('click', () => report(confirmed('kick', { room: shown, connection }, name)))
  const about = make('span', { class: 'quieter' }, [via, address].filter(Boolean).join(' · '))
  const away = make('span', { class: 'quieter' })
  if (!isHere) setText(away, 'operator.away')
  return make('li', { title: id }, make('bdi', {}, name), about, away, button)
}

/** @param {Alarm} alarm */
function alarmLine({ name, at, failures, lastError }) {
  const failed = make('span', { class: 'quieter' })
  if (failures > 0) {
    setText(failed, 'operator.failures', { count: failures })
    failed.title = lastError ?? ''
  }
  const when = timeOf(at, 'day')
  return make('li', {}, make('bdi', {}, name), when, timeOf(at, 'clock'), failed)
}

/**
 * Asks first, then acts. Resolves with the text that reports it; `undefined`: it was not confirmed.
 * @param {Act} act
 * @param {Record<string, unknown>} body
 * @param {string} name
 * @returns {Promise<Key | undefined>}
 */
async function confirmed(act, body, name) {
  const [word, question, consequence] = QUESTIONS[act]
  setText(find(confirming, 'h2', HTMLElement), question, { name })
  setText(find(confirming, 'p', HTMLElement), consequence)
  const yes = find(confirming, '.yes', HTMLButtonElement)
  const no = find(confirming, '.no', HTMLButtonElement)
  setText(yes, word)
  confirming.showModal()
  const isSure = await new Promise((resolve) => {
    yes.onclick = () => resolve(true)
    no.onclick = () => resolve(false)
    confirming.onclose = () => resolve(false)
  })
  confirming.close()
  if (!isSure) return undefined
  await ask(act, body)
  await refresh()
  return 'operator.done'
}

/** The control of a row that opens a room. @param {string} path */
export function openButton(path) {
  const button = make('button', { type: 'button', class: 'quiet' })
  setText(button, 'operator.open')
  button.setAttribute('aria-label', `${text('operator.open')}: ${path}`)
  return button
}
