/**
 * The form on a card whose path has parameters: what is filled in is the room's address. What cannot be one is said here,
 * before it leads anywhere.
 */
import { find, make } from './elements.js'
import { label, say, text } from './language.js'
import { readRefusal } from './refusal.js'

/**
 * One field for each parameter of the pattern; filled in, they are the room's address.
 * @param {HTMLElement} element
 * @param {import('./lobby.js').ListedRoom} room
 */
export function prepareForm(element, room) {
  const fields = (room.parameters ?? []).map((parameter) => {
    const words = make('span')
    say(words, 'lobby.field', { field: parameter })
    const input = make('input', {
      name: parameter,
      maxlength: '200',
      autocomplete: 'off',
      spellcheck: 'false',
      dir: 'auto',
      required: '',
    })
    input.addEventListener('input', () => {
      input.removeAttribute('aria-invalid')
      wrong.replaceChildren()
    })
    find(element, '.fields', HTMLElement).append(make('label', {}, words, input))
    return input
  })
  const form = find(element, '.open', HTMLFormElement)
  const wrong = find(form, '.told-wrong', HTMLElement)
  label(form, 'lobby.open')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const refuse = (/** @type {HTMLInputElement | undefined} */ field, /** @type {() => void} */ why) => {
      field?.setAttribute('aria-invalid', 'true')
      field?.focus()
      why()
    }
    const blank = fields.find((field) => field.value.trim() === '')
    if (blank) return refuse(blank, () => say(wrong, 'form.required'))
    const bad = fields.find(({ value }) => !isSegment(value.trim()))
    if (bad) return refuse(bad, () => say(wrong, 'lobby.segment'))
    const values = new Map(fields.map((field) => [field.name, encodeURIComponent(field.value.trim())]))
    const path = room.path.replace(/:(\w+)(\([^)]*\))?\??/g, (whole, name) => values.get(name) ?? whole)
    const address = addressOf(path)
    const reason = await refusedAddress(address)
    if (reason === undefined) return location.assign(address)
    refuse(fields[0], () => say(wrong, 'lobby.refused', { reason }))
  })
}

/**
 * Whether a text can be one part of a path: a slash would begin another, and dots alone mean a folder.
 * @param {string} name
 */
function isSegment(name) {
  return name.isWellFormed() && !/[/\\\p{Cc}]|^\.{1,2}$/u.test(name)
}

/**
 * Why there can be no room at an address; `undefined` where there can, or nobody answers.
 * @param {string} address
 */
async function refusedAddress(address) {
  const answer = await fetch(address, { headers: { accept: 'application/json' }, cache: 'no-store' }).catch(
    () => undefined,
  )
  if (answer?.ok) return 'path' in (await answer.json().catch(() => ({}))) ? undefined : text('lobby.taken')
  return answer && [400, 404, 414, 431].includes(answer.status) ? (await readRefusal(answer)).message : undefined
}

/**
 * A room's path as an address below the base of the page.
 * @param {string} path
 */
export function addressOf(path) {
  return new URL(path.replace(/^\//, './'), document.baseURI).href
}
