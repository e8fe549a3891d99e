/**
 * The console: a plain WebSocket to a room that is no chat. It shows every frame as it is and sends what one writes;
 * it connects when the page opens and after that when it is told to.
 */
import { find } from './elements.js'
import { Frames } from './frames.js'
import { say } from './language.js'
import { nickname } from './nickname.js'
import { speech } from './speech.js'
import { stateLine } from './state.js'

/** @typedef {import('./room.js').Description} Description */

/**
 * @param {HTMLElement} place holds a copy of the template `#console`
 * @param {Description} room
 */
export function openConsole(place, room) {
  find(place, '.summary', HTMLElement).textContent = room.summary ?? ''
  find(place, '.console', HTMLElement).classList.toggle('has-form', room.kind === 'event')
  const frames = new Frames(place)
  const link = find(place, '.link', HTMLButtonElement)
  const showState = stateLine(() => open())
  /** @type {WebSocket | undefined} */
  let socket

  const { enable } = speech(place, room, (data) => {
    if (socket?.readyState !== WebSocket.OPEN) return
    socket.send(data)
    frames.add('out', data)
  })
  link.addEventListener('click', () => {
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close(1000, 'closed by the reader')
    else open()
  })
  find(place, '.clear', HTMLButtonElement).addEventListener('click', () => frames.clear())
  open()

  function open() {
    const opened = new WebSocket(addressOf(room.path))
    let byReader = false
    socket = opened
    opened.binaryType = 'arraybuffer'
    link.onclick = () => {
      byReader = true
    }
    show()
    showState({ state: 'connecting' })
    opened.addEventListener('open', () => {
      show()
      showState({ state: 'open' })
    })
    opened.addEventListener('message', ({ data }) => frames.add('in', data))
    opened.addEventListener('close', ({ code, reason }) => {
      if (socket !== opened) return
      frames.tell('console.closed', { code, reason })
      show()
      showState({ state: 'closed', reason: byReader ? undefined : reason || String(code) })
    })
  }

  function show() {
    const there = socket !== undefined && socket.readyState <= WebSocket.OPEN
    say(link, there ? 'console.disconnect' : 'console.connect')
    link.classList.toggle('solid', !there)
    link.classList.toggle('quiet', there)
    enable(socket?.readyState === WebSocket.OPEN)
  }
}

/** @param {string} path */
function addressOf(path) {
  const address = new URL(path.replace(/^\//, './'), document.baseURI)
  address.protocol = address.protocol.replace('http', 'ws')
  const { name, chosen } = nickname()
  if (chosen) address.searchParams.set('name', name)
  return address
}
