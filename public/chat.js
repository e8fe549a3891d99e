/**
 * The chat: joins the room by the browser client and turns its events into rows, members and notices. A message of our
 * own is shown at once and waits at the end of the thread until the room gives it its place, or says why it will not.
 */
import { connect } from './client.js'
import { Composer } from './composer.js'
import { offerEarlier } from './earlier.js'
import { find } from './elements.js'
import { Members } from './members.js'
import { messageRow, showFailure, showFate } from './message.js'
import { nameplate, nickname } from './nickname.js'
import { isFinal, refusalOf } from './refusal.js'
import { stateLine } from './state.js'
import { Thread } from './thread.js'
import { headers, token } from './token.js'
import { Typing } from './typing.js'

/** @typedef {import('./room.js').Description} Description */
/** @typedef {import('../src/client/types.ts').ClientRoom<typeof import('../rooms/chat.ts').default>} ChatRoom */
/** @typedef {{ row: HTMLElement, text: string, seq: number | undefined, failed: boolean }} Waiting */

/**
 * @param {HTMLElement} place holds a copy of the template `#chat`
 * @param {Description} description
 */
export function openChat(place, description) {
  const { receives = {}, path } = description
  const me = nickname()
  const options = { name: me.name, ...(token() && { token: token() }) }
  const mine = ownIds(path)
  const names = new Map()
  /** @type {Set<Waiting>} */
  const waiting = new Set()
  let unread = 0
  let room = join()

  const thread = new Thread(place)
  const typing = new Typing(find(place, '[data-typing]', HTMLElement))
  const members = new Members(
    find(place, '.members', HTMLElement),
    find(document, '.crowd', HTMLButtonElement),
    async () => {
      const answer = await fetch(location.pathname, { headers: headers(), cache: 'no-store' })
      return (await answer.json()).members
    },
  )
  const showState = stateLine(() => {
    // A client that waits goes on at once when the network is back; another beside it would be a second member.
    if (room.state !== 'closed') return void dispatchEvent(new Event('online'))
    room = join()
    listen()
    showConnection({ state: 'connecting' })
    for (const said of waiting) if (said.failed) say(said)
  })
  const showName = nameplate(place, receives.rename?.properties?.name?.maxLength, me, (name) => {
    options.name = name
    if (room.state !== 'closed') room.send('rename', { name }).catch(() => {})
  })
  const composer = new Composer(place, receives.message?.properties?.text?.maxLength, {
    send: (text) => {
      const row = messageRow({ author: 'me', name: me.name, text, time: Date.now(), mine: true })
      const said = { row, text, seq: undefined, failed: false }
      waiting.add(said)
      thread.addWaiting(row)
      say(said)
    },
    typing: () => {
      if (room.state === 'open') room.send('typing').catch(() => {})
    },
  })
  members.me = me.name
  if (description.members) members.set(description.members)
  offerEarlier(place, thread, { first: () => description.first ?? 1, epoch: () => room.epoch, mine: mine.has })
  listen()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) countUnread(0)
  })
  if (matchMedia('(pointer: fine)').matches) composer.focus()

  function join() {
    return /** @type {ChatRoom} */ (/** @type {unknown} */ (connect(path, options)))
  }

  function listen() {
    room.onState(showConnection)
    room.on('message', ({ seq, time = Date.now(), data }) => heard(data.from, data.text, seq, time))
    room.on('members', ({ data }) => {
      members.set(data)
      thread.ready()
    })
    room.on('enter', ({ data: { id, name } }) => {
      names.set(id, name)
      if (id === room.you?.id) return
      members.add(name)
      thread.tell('came', 'chat.enter', { name })
    })
    room.on('leave', ({ data: { id, name } }) => {
      names.delete(id)
      typing.remove(id)
      if (id === room.you?.id) return
      members.remove(name)
      thread.tell('gone', 'chat.leave', { name })
    })
    room.on('rename', ({ data: { id, name } }) => {
      const was = names.get(id)
      names.set(id, name)
      if (id === room.you?.id) named(name)
      members.rename(was, name)
      if (was === undefined) thread.tell('renamed', 'chat.renamed', { name })
      else thread.tell('renamed', 'chat.rename', { was, name })
    })
    room.on('typing', ({ data: { id, name } }) => {
      names.set(id, name)
      if (id !== room.you?.id) typing.add(id, name)
    })
    room.on('reset', ({ data }) => {
      thread.forget(data.reason === 'trimmed' ? Number.POSITIVE_INFINITY : data.reason === 'truncated' ? data.seq : 0)
      thread.tell('missing', data.reason === 'trimmed' ? 'chat.gap' : 'chat.afresh')
    })
  }

  /** @param {import('./client.js').State} change */
  function showConnection(change) {
    if (change.state === 'open' && room.you) {
      mine.add(room.you.id)
      names.set(room.you.id, room.you.name)
      if (room.you.name !== me.name) named(room.you.name)
    }
    const { code = 1006, reason } = change
    const refusal = refusalIn(change)
    if (change.state === 'waiting') showState({ state: 'waiting', until: change.retryAt ?? Date.now(), refusal })
    else if (change.state === 'closed') showState({ state: 'closed', code, reason, refusal })
    else showState({ state: change.state })
    for (const { row, failed } of waiting) if (!failed) showFate(row, change.state === 'open' ? 'sending' : 'queued')
    if (change.state === 'waiting' && !room.you) void askWhy(room)
  }

  /**
   * Who was never let in and never will be does not go on trying.
   * @param {ChatRoom} asked
   */
  async function askWhy(asked) {
    const refusal = await refusalOf(options.name)
    if (!refusal || !isFinal(refusal) || asked !== room) return
    asked.close()
    showState({ state: 'closed', code: refusal.code, refusal })
  }

  /** @param {string} name ours, as the room has it */
  function named(name) {
    showName(name)
    members.me = name
  }

  /** @param {Waiting} said */
  function say(said) {
    said.failed = false
    showFate(said.row, room.state === 'open' ? 'sending' : 'queued')
    room.send('message', { text: said.text }).then(
      (ack) => {
        said.seq = ack.seq
        if (ack.seq === undefined || thread.has(ack.seq)) settle(said)
      },
      (error) => {
        said.failed = true
        showFailure(said.row, String(error.code ?? 'other'), String(error.message), {
          retry: () => {
            say(said)
            composer.focus()
          },
          discard: () => {
            settle(said)
            composer.focus()
          },
        })
      },
    )
  }

  /** @param {Waiting} said */
  function settle(said) {
    if (waiting.delete(said)) thread.remove(said.row)
  }

  /**
   * @param {{ id: string, name: string }} from
   * @param {string} text
   * @param {number | undefined} seq
   * @param {number} time ms since 1970
   */
  function heard(from, text, seq, time) {
    names.set(from.id, from.name)
    typing.remove(from.id)
    if (seq !== undefined && thread.has(seq)) return
    const own = mine.has(from.id)
    const said = own
      ? [...waiting].find((said) => (said.seq ?? seq) === seq && said.text === text && !said.failed)
      : undefined
    if (said) waiting.delete(said)
    const fate = said && /** @type {const} */ ('sent')
    thread.add({ author: from.id, name: from.name, text, time, mine: own, seq, ...(fate && { fate }) }, said?.row)
    if (document.hidden && !own) countUnread(unread + 1)
  }

  /** @param {number} count */
  function countUnread(count) {
    unread = count
    const title = description.title || path
    document.title = unread > 0 ? `(${unread}) ${title}` : title
  }
}

/**
 * @param {{ status?: number, code?: number | string, message?: string }} change
 * @returns {import('./refusal.js').Refusal | undefined}
 */
function refusalIn({ status, code, message = '' }) {
  return status === undefined ? undefined : { status, code: String(code), message }
}

/**
 * The ids this tab has had in the room, so that after a reload one's own messages are still one's own.
 * @param {string} path
 */
function ownIds(path) {
  const key = `corridor.ids:${path}`
  /** @type {Set<string>} */
  const ids = new Set()
  try {
    for (const id of JSON.parse(sessionStorage.getItem(key) ?? '[]')) ids.add(String(id))
  } catch {
    // Storage may be forbidden.
  }
  return {
    has: (/** @type {string} */ id) => ids.has(id),
    add: (/** @type {string} */ id) => {
      ids.add(id)
      try {
        sessionStorage.setItem(key, JSON.stringify([...ids].slice(-30)))
      } catch {
        // As above.
      }
    },
  }
}
