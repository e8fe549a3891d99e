/**
 * The door of a locked room: says why one is not let in, and takes a token. `room.js` shows it and asks the room again.
 */
import { copy, find } from './elements.js'
import { translate } from './language.js'
import { sayRefusal } from './state.js'
import { keepToken, token } from './token.js'

/**
 * Resolves when the reader has given a token.
 * @param {HTMLElement} place
 * @param {import('./refusal.js').Refusal} refusal
 * @returns {Promise<void>}
 */
export function askToken(place, refusal) {
  const page = copy('locked')
  translate(page)
  place.replaceChildren(page)
  const why = find(place, '.why', HTMLElement)
  const form = find(place, 'form', HTMLFormElement)
  const field = find(form, 'input', HTMLInputElement)
  const wrong = find(form, '.told-wrong', HTMLElement)
  // Who was here before brought something, and hears what is wrong with it beside the field.
  const brought = token() !== ''
  if (brought || refusal.status === 403) sayRefusal(brought ? wrong : why, refusal)
  if (brought) {
    field.setAttribute('aria-invalid', 'true')
    field.focus()
  }
  field.addEventListener('input', () => {
    field.removeAttribute('aria-invalid')
    wrong.replaceChildren()
  })
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      // What is copied from elsewhere often brings its header along.
      const given = field.value.trim().replace(/^(authorization:\s*)?bearer\s+/i, '')
      if (given === '') return field.focus()
      keepToken(given)
      resolve()
    })
  })
}
