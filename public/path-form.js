/**
 * The form on the card of a room with path parameters: its fields make the room's address. An address that cannot be a room
 * is refused here.
 */
import { find, make } from './elements.js'
import { label, setText, text } from './language.js'
import { readRefusal } from './refusal.js'

/**
 * Adds a field for each parameter of the path. Submitting opens the room at the resulting address.
 * @param {HTMLElement} element
 * @param {import('./lobby.js').ListedRoom} room
 */
export function prepareForm(element, room) {
  const fields = (room.parameters ?? []).map((parameter) => {
    const caption = make('span')
    setText(caption, 'lobby.field', { field: parameter })
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
      errorLine.replaceChildren()
    })
    find(element, '.fields', HTMLElement).append(make('label', {}, caption, input))
    return input
  })
  const form = find(element, '.open', HTMLFormElement)
  const errorLine = find(form, '.field-error', HTMLElement)
  label(form, 'lobby.open')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const refuse = (/** @type {HTMLInputElement | undefined} */ field, /** @type {() => void} */ why) => {
      field?.setAttribute('aria-invalid', 'true')
      field?.focus()
      why()
    }
    const blank = fields.find((field) => field.value.trim() === '')
    if (blank) return refuse(blank, () => setText(errorLine, 'form.required'))
    const bad = fields.find(({ value }) => !isSegment(value.trim()))
    if (bad) return refuse(bad, () => setText(errorLine, 'lobby.segment'))
    const values = new Map(fields.map((field) => [field.name, encodeURIComponent(field.value.trim())]))
    const path = room.path.replace(/:(\w+)(\([^)]*\))?\??/g, (whole, name) => values.get(name) ?? whole)
    const address = addressOf(path)
    const reason = await addressRefusal(address)
    if (reason === undefined) return location.assign(address)
    refuse(fields[0], () => setText(errorLine, 'lobby.refused', { reason }))
  })
}

/**
 * Whether a text can be one segment of a path: a slash would begin another one, and dots alone mean a folder.
 * @param {string} name
 */
function isSegment(name) {
  return name.isWellFormed() && !/[/\\\p{Cc}]|^\.{1,2}$/u.test(name)
}

/**
 * Resolves to the reason why there is no room at an address; to `undefined` if there is one, or if there is no answer.
 * @param {string} address
 */
async function addressRefusal(address) {
  const answer = await fetch(address, { headers: { accept: 'application/json' }, cache: 'no-store' }).catch(
    () => undefined,
  )
  if (answer?.ok) return 'path' in (await answer.json().catch(() => ({}))) ? undefined : text('lobby.taken')
  return answer && [400, 404, 414, 431].includes(answer.status) ? (await readRefusal(answer)).message : undefined
}

/**
 * Returns the address of a room's path below the base of the page.
 * @param {string} path
 */
export function addressOf(path) {
  return new URL(path.replace(/^\//, './'), document.baseURI).href
}
