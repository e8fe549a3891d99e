/** The line that shows who is typing. A name is removed after a few seconds, or if its message arrives. */
import { setText } from './language.js'

const FORGET_MS = 5000

export class Typing {
  #line
  /** @type {Map<string, { name: string, timer: ReturnType<typeof setTimeout> }>} */
  #now = new Map()

  /** @param {HTMLElement} line */
  constructor(line) {
    this.#line = line
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  add(id, name) {
    clearTimeout(this.#now.get(id)?.timer)
    this.#now.set(id, { name, timer: setTimeout(() => this.remove(id), FORGET_MS) })
    this.#show()
  }

  /** @param {string} id */
  remove(id) {
    clearTimeout(this.#now.get(id)?.timer)
    if (this.#now.delete(id)) this.#show()
  }

  #show() {
    const [one, two, ...rest] = [...this.#now.values()].map(({ name }) => name)
    if (one === undefined) {
      this.#line.removeAttribute('data-text')
      return this.#line.replaceChildren()
    }
    if (rest.length > 0) setText(this.#line, 'chat.typing.many')
    else if (two !== undefined) setText(this.#line, 'chat.typing.two', { name: one, other: two })
    else setText(this.#line, 'chat.typing.one', { name: one })
  }
}
