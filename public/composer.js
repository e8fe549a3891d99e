/**
 * The message field: grows with its text, sends on Enter, keeps a text that is too long, and reports typing. An Enter that
 * ends a word of an input method (Chinese, Japanese) does not send.
 */
import { find } from './elements.js'
import { setText } from './language.js'

const TYPING_EVERY_MS = 2500
/** The number of characters left is shown below this. */
const COUNT_BELOW = 200

export class Composer {
  #field
  #count
  #most
  #typedAt = 0

  /**
   * @param {Element} root
   * @param {number | undefined} most characters of a message at most
   * @param {{ send: (text: string) => void, typing: () => void }} to
   */
  constructor(root, most, to) {
    this.#field = find(root, 'textarea', HTMLTextAreaElement)
    this.#count = find(root, '.count', HTMLElement)
    this.#most = most ?? Number.POSITIVE_INFINITY
    const form = find(root, 'form.composer', HTMLFormElement)
    const submit = () => {
      const text = this.#field.value.trim()
      if (text === '' || this.#left() < 0) return this.focus()
      this.#field.value = ''
      this.#typedAt = 0
      this.#fit()
      to.send(text)
      this.focus()
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      submit()
    })
    this.#field.addEventListener('keydown', (event) => {
      // 229: Safari reports the Enter that ends a composition only after the composition.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
      event.preventDefault()
      submit()
    })
    this.#field.addEventListener('input', () => {
      this.#fit()
      if (this.#field.value.trim() === '' || Date.now() - this.#typedAt < TYPING_EVERY_MS) return
      this.#typedAt = Date.now()
      to.typing()
    })
  }

  focus() {
    this.#field.focus()
  }

  #left() {
    return this.#most - this.#field.value.trim().length
  }

  #fit() {
    this.#field.style.height = 'auto'
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`
    const left = this.#left()
    this.#count.classList.toggle('over', left < 0)
    if (left >= COUNT_BELOW) this.#count.replaceChildren()
    else setText(this.#count, left < 0 ? 'chat.over' : 'chat.left', { count: Math.abs(left) })
    this.#field.toggleAttribute('aria-invalid', left < 0)
  }
}
