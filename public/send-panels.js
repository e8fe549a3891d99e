/**
 * The console's panels for sending: a form from the schemas of an event room, and text, bytes or a file for a raw room. Each
 * has a tab; the arrow keys switch between tabs.
 */
import { find, make } from './elements.js'
import { fieldOf, InvalidInput } from './form.js'
import { setText } from './language.js'

/** @typedef {import('./room.js').Description} Description */
/** @typedef {import('./frames.js').Data} Data */
/** @typedef {'event' | 'text' | 'bytes' | 'file'} Mode */

/**
 * @param {HTMLElement} place
 * @param {Description} room
 * @param {(data: Data) => void} send
 */
export function sendPanels(place, room, send) {
  const modes = /** @type {Mode[]} */ (room.kind === 'event' ? ['event', 'text'] : ['text', 'bytes', 'file'])
  const panels = modes.map((mode) => panel(mode, room, send))
  const tabs = panels.map(({ mode }) => {
    const tab = make('button', { type: 'button', role: 'tab', id: `tab-${mode}`, 'aria-controls': `panel-${mode}` })
    setText(tab, `console.${mode}`)
    return tab
  })
  const choose = (/** @type {number} */ chosen) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute('aria-selected', String(index === chosen))
      tab.tabIndex = index === chosen ? 0 : -1
    })
    panels.forEach(({ element }, index) => {
      element.hidden = index !== chosen
    })
  }
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => choose(index))
    tab.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
      if (step === 0) return
      const next = (index + step + tabs.length) % tabs.length
      choose(next)
      tabs[next]?.focus()
    })
  })
  find(place, '.modes', HTMLElement).replaceChildren(...tabs)
  find(place, '.panels', HTMLElement).replaceChildren(...panels.map(({ element }) => element))
  choose(0)
  return {
    /** @param {boolean} open */
    enable(open) {
      for (const { button } of panels) button.disabled = !open
    },
  }
}

/**
 * @param {Mode} mode
 * @param {Description} room
 * @param {(data: Data) => void} send
 */
function panel(mode, room, send) {
  const content =
    mode === 'event' ? eventInput(room) : mode === 'text' ? textInput() : mode === 'bytes' ? bytesInput() : fileInput()
  const button = make('button', { type: 'submit', class: 'solid' })
  setText(button, 'console.send')
  const form = make('form', { novalidate: '' }, content.element, make('p', { class: 'send-row' }, button))
  const element = make(
    'div',
    { id: `panel-${mode}`, role: 'tabpanel', 'aria-labelledby': `tab-${mode}`, tabindex: '-1' },
    form,
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.disabled) return
    try {
      send(await content.read())
      content.sent()
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error
      error.control.focus()
    }
  })
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    if (!(event.target instanceof HTMLTextAreaElement) || event.target.matches('.code')) return
    event.preventDefault()
    form.requestSubmit()
  })
  return { mode, element, button }
}

/** @param {Description} room */
function eventInput(room) {
  const receives = Object.entries(room.receives ?? {})
  const select = make('select')
  select.append(...receives.map(([type]) => make('option', { value: type }, type)))
  const type = make('span', { class: 'words' })
  setText(type, 'console.type.label')
  const forms = new Map(receives.map(([type, schema]) => [type, fieldOf(schema, 'data')]))
  const fields = make('div', { class: 'fields' })
  const show = () => fields.replaceChildren(...[forms.get(select.value)?.element ?? []].flat())
  select.addEventListener('change', show)
  show()
  const element = make('div', {}, make('label', { class: 'field' }, type, select), fields)
  let count = 0
  const read = () => {
    const data = forms.get(select.value)?.read()
    count += 1
    return JSON.stringify({ type: select.value, data, id: `${Date.now().toString(36)}-${count}` })
  }
  return { element, read, sent: () => select.focus({ preventScroll: true }) }
}

function textInput() {
  const control = make('textarea', { rows: '2', dir: 'auto', spellcheck: 'false' })
  return {
    element: labelled(control, 'console.text.label'),
    read: () => control.value,
    sent: () => {
      control.value = ''
      control.focus()
    },
  }
}

function bytesInput() {
  const control = make('input', { class: 'code', autocomplete: 'off', spellcheck: 'false' })
  const element = labelled(control, 'console.bytes.label')
  const read = () => {
    const digits = control.value.replace(/0x|[\s,:]/gi, '')
    if (digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits)) return refuse(element, control, 'form.hex')
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  }
  return { element, read, sent: () => control.focus() }
}

function fileInput() {
  const control = make('input', { type: 'file' })
  const element = labelled(control, 'console.file.label')
  const read = async () => {
    const chosen = control.files?.[0]
    return chosen ? await chosen.arrayBuffer() : refuse(element, control, 'form.file')
  }
  return { element, read, sent: () => control.focus() }
}

/**
 * @param {HTMLInputElement | HTMLTextAreaElement} control
 * @param {import('./language.js').Key} key
 */
function labelled(control, key) {
  const words = make('span', { class: 'words' })
  setText(words, key)
  const errorLine = make('span', { class: 'field-error', role: 'alert' })
  control.addEventListener('input', () => {
    control.removeAttribute('aria-invalid')
    errorLine.replaceChildren()
  })
  return make('label', { class: 'field' }, words, control, errorLine)
}

/**
 * @param {HTMLElement} element
 * @param {HTMLInputElement} control
 * @param {import('./language.js').Key} key
 * @returns {never}
 */
function refuse(element, control, key) {
  control.setAttribute('aria-invalid', 'true')
  setText(find(element, '.field-error', HTMLElement), key)
  throw new InvalidInput(control)
}
