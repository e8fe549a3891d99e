/**
 * The reader's name: a random one at first, so that no input is needed to join. The page asks for a name once, stores it in
 * this browser, and lets the reader change it at any time.
 */
import { CHINESE_GUESTS } from './chinese.js'
import { find, hue, initial } from './elements.js'
import { ENGLISH_GUESTS } from './english.js'
import { language } from './language.js'

const STORED = 'corridor.name'
/** Characters of a name at most, unless the room's description says otherwise. */
const MOST = 40

/** @returns {{ name: string, chosen: boolean }} `chosen`: the reader entered it, now or at an earlier visit. */
export function nickname() {
  try {
    const stored = localStorage.getItem(STORED)?.trim()
    if (stored) return { name: stored, chosen: true }
  } catch {
    // Storage may be blocked. Then a name lasts as long as the page.
  }
  return { name: guestName(), chosen: false }
}

function guestName() {
  const [kinds = [], animals = []] = language() === 'zh' ? CHINESE_GUESTS : ENGLISH_GUESTS
  const pick = (/** @type {string[]} */ words) => words[Math.floor(Math.random() * words.length)] ?? ''
  return `${pick(kinds)}${language() === 'en' ? ' ' : ''}${pick(animals)}`
}

/**
 * Sets up the form that asks for the name, and the button that shows the name and opens the form.
 * @param {Element} root
 * @param {number | undefined} most characters of a name at most
 * @param {{ name: string, chosen: boolean }} now
 * @param {(name: string) => void} changed
 * @returns {(name: string) => void} a function that shows another name
 */
export function nicknameForm(root, most = MOST, now, changed) {
  const form = find(root, '.nickname-form', HTMLFormElement)
  const input = find(form, 'input', HTMLInputElement)
  const button = find(root, '.me', HTMLButtonElement)
  const field = find(root, '.composer textarea', HTMLTextAreaElement)
  input.maxLength = most

  const show = (/** @type {string} */ name) => {
    now.name = name
    find(button, '.name', HTMLElement).textContent = name
    const avatar = find(button, '.avatar', HTMLElement)
    avatar.textContent = initial(name)
    avatar.dataset.hue = hue(name)
    input.value = name
  }
  const open = (/** @type {boolean} */ shown) => {
    form.hidden = !shown
    button.setAttribute('aria-expanded', String(shown))
    if (!shown) input.value = now.name
  }
  button.addEventListener('click', () => {
    open(form.hidden !== false)
    if (form.hidden) return field.focus()
    input.focus()
    input.select()
  })
  find(form, '.cancel', HTMLButtonElement).addEventListener('click', () => {
    open(false)
    field.focus()
  })
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    open(false)
    field.focus()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const name = input.value.trim().replace(/\s+/g, ' ')
    if (name === '') return input.focus()
    keep(name)
    open(false)
    if (name !== now.name) {
      show(name)
      changed(name)
    }
    field.focus()
  })
  show(now.name)
  open(!now.chosen)
  return show
}

/** @param {string} name */
function keep(name) {
  try {
    localStorage.setItem(STORED, name)
  } catch {
    // As above.
  }
}
