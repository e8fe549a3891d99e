/**
 * The console: a plain WebSocket to any room that is not a chat. It shows every frame and sends what the reader enters.
 * After a loss it reconnects and loads the room's description again, so that its form fits a room that was changed.
 */
import { find } from './elements.js'
import { Frames } from './frames.js'
import { setText } from './language.js'
import { Link } from './link.js'
import { nickname } from './nickname.js'
import { Offset } from './offset.js'
import { sendPanels } from './send-panels.js'
import { stateLine } from './state.js'

/** @typedef {import('./room.js').Description} Description */

/**
 * @param {HTMLElement} place holds a copy of the template `#console`
 * @param {Description} room
 * @param {() => Promise<Description | undefined>} ask loads the room's description again
 */
export function openConsole(place, room, ask) {
  const frames = new Frames(place)
  const button = find(place, '.link', HTMLButtonElement)
  const { name, chosen } = nickname()
  const seen = new Offset()
  let isFirst = true
  let shape = ''
  let enable = describe(room)
  const link = new Link(() => addressOf(room.path, { name: chosen ? name : undefined, offset: seen.offset }), {
    state: (shown) => {
      showState(shown)
      show()
      if (shown.state !== 'open') return
      frames.addInfo('console.opened')
      if (!isFirst) void refresh()
      isFirst = false
    },
    lost: (code, reason) => frames.addInfo('console.closed', { code: String(code), reason }),
    message: (data) => {
      if (room.kind === 'event' && typeof data === 'string') seen.read(data)
      frames.add('in', data)
    },
  })
  const showState = stateLine(() => link.open())
  button.addEventListener('click', () => (link.isWanted ? link.close() : link.open()))
  find(place, '.clear', HTMLButtonElement).addEventListener('click', () => frames.clear())
  link.open()

  /** @param {Description} now */
  function describe(now) {
    shape = JSON.stringify([now.kind, now.receives, now.summary])
    find(place, '.summary', HTMLElement).textContent = now.summary ?? ''
    find(place, '.console', HTMLElement).classList.toggle('has-form', now.kind === 'event')
    return sendPanels(place, now, (data) => {
      if (!link.isOpen) return
      link.send(data)
      frames.add('out', data)
    }).enable
  }

  /** The room may have been changed while we were disconnected: then the form is built again. */
  async function refresh() {
    const now = await ask()
    if (!now || JSON.stringify([now.kind, now.receives, now.summary]) === shape) return
    enable = describe(now)
    frames.addInfo('console.changed')
    show()
  }

  function show() {
    setText(button, link.isWanted ? 'console.disconnect' : 'console.connect')
    button.classList.toggle('solid', !link.isWanted)
    button.classList.toggle('quiet', link.isWanted)
    enable(link.isOpen)
  }
}

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} query
 */
function addressOf(path, query) {
  const address = new URL(path.replace(/^\//, './'), document.baseURI)
  address.protocol = address.protocol.replace('http', 'ws')
  for (const [key, value] of Object.entries(query)) if (value) address.searchParams.set(key, value)
  return address
}
