/**
 * The members of the room: the list beside the chat and the number in the header. Both follow the room's events. If an
 * event leaves the list uncertain, it is loaded from the room again.
 */
import { find, hue, initial, make } from './elements.js'
import { setText, text } from './language.js'

const SHOWN = 200
const ASK_AFTER_MS = 400
/** Made once, because making one takes longer than sorting a whole list. */
const ORDER = new Intl.Collator()

export class Members {
  #list
  #more
  #numbers
  #ask
  /** @type {string[]} */
  #names = []
  #count = 0
  #frame = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #asking
  /** The reader's name in the list. */
  me = ''

  /**
   * @param {Element} root
   * @param {HTMLButtonElement} button shows the list on narrow screens
   * @param {() => Promise<{ count: number, names: string[] }>} ask
   */
  constructor(root, button, ask) {
    this.#ask = ask
    this.#list = find(root, 'ul', HTMLElement)
    this.#more = find(root, '.more', HTMLElement)
    this.#numbers = [find(root, '.number', HTMLElement), find(button, '.number', HTMLElement)]
    button.hidden = false
    const show = (/** @type {boolean} */ open) => {
      root.classList.toggle('shown', open)
      button.setAttribute('aria-expanded', String(open))
    }
    button.addEventListener('click', () => show(button.getAttribute('aria-expanded') !== 'true'))
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || button.getAttribute('aria-expanded') !== 'true') return
      show(false)
      button.focus()
    })
    document.addEventListener('click', (event) => {
      const inside = event.target instanceof Node && (root.contains(event.target) || button.contains(event.target))
      if (!inside) show(false)
    })
  }

  /** @param {{ count: number, names: string[] }} members */
  set({ count, names }) {
    this.#count = count
    this.#names = names.slice(0, SHOWN)
    this.show()
  }

  /** @param {string} name */
  add(name) {
    this.#count += 1
    if (this.#names.length < SHOWN) this.#names.push(name)
    this.show()
  }

  /** @param {string} name */
  remove(name) {
    this.#count = Math.max(0, this.#count - 1)
    const index = this.#names.indexOf(name)
    if (index >= 0) this.#names.splice(index, 1)
    if (index < 0 || this.#names.length < this.#count) this.unsure()
    this.show()
  }

  /**
   * @param {string | undefined} was undefined if the member joined before us and has sent nothing since
   * @param {string} name
   */
  rename(was, name) {
    const index = was === undefined ? -1 : this.#names.indexOf(was)
    if (index >= 0) this.#names[index] = name
    else this.unsure()
    this.show()
  }

  /** Loads the members from the room, once for several uncertain events. */
  unsure() {
    this.#asking ??= setTimeout(async () => {
      this.#asking = undefined
      const members = await this.#ask().catch(() => undefined)
      if (members) this.set(members)
    }, ASK_AFTER_MS)
  }

  /** Draws the list, once per animation frame. */
  show() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#draw()
    })
  }

  #draw() {
    const count = Math.max(this.#count, this.#names.length)
    for (const number of this.#numbers) number.textContent = count.toLocaleString()
    let me = this.me
    const rows = this.#names
      .toSorted((a, b) => Number(b === me) - Number(a === me) || ORDER.compare(a, b))
      .map((name) => {
        const row = make(
          'li',
          {},
          make('span', { class: 'avatar', 'aria-hidden': 'true', 'data-hue': hue(name) }, initial(name)),
          make('bdi', { title: name }, name),
        )
        if (name === me) {
          me = ''
          const you = make('span', { class: 'you' }, text('members.you'))
          setText(you, 'members.you')
          row.append(' ', you)
        }
        return row
      })
    this.#list.replaceChildren(...rows)
    this.#more.hidden = count <= rows.length
    setText(this.#more, 'members.more', { count: count - rows.length })
  }
}
