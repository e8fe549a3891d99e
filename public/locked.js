/**
 * The page of a locked room: shows why the room refused the reader, and asks for a token. `room.js` then tries again.
 */
import { copy, find } from './elements.js'
import { translate } from './language.js'
import { showRefusal } from './state.js'
import { keepToken, token } from './token.js'

/**
 * Resolves when the reader has entered a token.
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
  const wrong = find(form, '.field-error', HTMLElement)
  // If a token was refused, its error is shown beside the field.
  const hadToken = token() !== ''
  if (hadToken || refusal.status === 403) showRefusal(hadToken ? wrong : why, refusal)
  if (hadToken) {
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
      // A token is often copied together with its header.
      const entered = field.value.trim().replace(/^(authorization:\s*)?bearer\s+/i, '')
      if (entered === '') return field.focus()
      keepToken(entered)
      resolve()
    })
  })
}
