/**
 * The chat: joins the room with the browser client and shows its events as rows, members and notices. The reader's own
 * message is shown at once, at the end of the thread, and stays there until the room confirms or rejects it.
 */
import { connect } from './client.js'
import { Composer } from './composer.js'
import { offerEarlier } from './earlier.js'
import { find } from './elements.js'
import { Members } from './members.js'
import { messageRow, showDelivery, showFailure } from './message.js'
import { nickname, nicknameForm } from './nickname.js'
import { checkAdmission, isFinal } from './refusal.js'
import { stateLine } from './state.js'
import { Thread } from './thread.js'
import { headers, token } from './token.js'
import { Typing } from './typing.js'

/** @typedef {import('./room.js').Description} Description */
/** @typedef {import('../src/client/types.ts').ClientRoom<typeof import('../rooms/chat.ts').default>} ChatRoom */
/** @typedef {{ row: HTMLElement, text: string, seq: number | undefined, failed: boolean }} Pending */

/**
 * @param {HTMLElement} place holds a copy of the template `#chat`
 * @param {Description} description
 */
export function openChat(place, description) {
  const { receives = {}, path } = description
  const me = nickname()
  const options = { name: me.name, ...(token() && { token: token() }) }
  const ownIds = storedIds(path)
  const names = new Map()
  /** @type {Set<Pending>} */
  const pending = new Set()
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
    // A waiting client reconnects at once if the network is back. A second client would be a second member.
    if (room.state !== 'closed') return void dispatchEvent(new Event('online'))
    room = join()
    listen()
    showConnection({ state: 'connecting' })
    for (const message of pending) if (message.failed) submit(message)
  })
  const showNickname = nicknameForm(place, receives.rename?.properties?.name?.maxLength, me, (name) => {
    options.name = name
    if (room.state !== 'closed') room.send('rename', { name }).catch(() => {})
  })
  const composer = new Composer(place, receives.message?.properties?.text?.maxLength, {
    send: (text) => {
      const row = messageRow({ author: 'me', name: me.name, text, time: Date.now(), mine: true })
      const message = { row, text, seq: undefined, failed: false }
      pending.add(message)
      thread.addPending(row)
      submit(message)
    },
    typing: () => {
      if (room.state === 'open') room.send('typing').catch(() => {})
    },
  })
  members.me = me.name
  if (description.members) members.set(description.members)
  offerEarlier(place, thread, { first: () => description.first ?? 1, epoch: () => room.epoch, isOwn: ownIds.has })
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
    room.on('message', ({ seq, time = Date.now(), data }) => receive(data.from, data.text, seq, time))
    room.on('members', ({ data }) => {
      members.set(data)
      thread.ready()
    })
    room.on('enter', ({ data: { id, name } }) => {
      names.set(id, name)
      if (id === room.you?.id) return
      members.add(name)
      thread.addInfo('came', 'chat.enter', { name })
    })
    room.on('leave', ({ data: { id, name } }) => {
      names.delete(id)
      typing.remove(id)
      if (id === room.you?.id) return
      members.remove(name)
      thread.addInfo('gone', 'chat.leave', { name })
    })
    room.on('rename', ({ data: { id, name } }) => {
      const was = names.get(id)
      names.set(id, name)
      if (id === room.you?.id) setOwnName(name)
      members.rename(was, name)
      if (was === undefined) thread.addInfo('renamed', 'chat.renamed', { name })
      else thread.addInfo('renamed', 'chat.rename', { was, name })
    })
    room.on('typing', ({ data: { id, name } }) => {
      names.set(id, name)
      if (id !== room.you?.id) typing.add(id, name)
    })
    room.on('reset', ({ data }) => {
      thread.forget(data.reason === 'trimmed' ? Number.POSITIVE_INFINITY : data.reason === 'truncated' ? data.seq : 0)
      thread.addInfo('missing', data.reason === 'trimmed' ? 'chat.gap' : 'chat.afresh')
    })
  }

  /** @param {import('./client.js').State} change */
  function showConnection(change) {
    if (change.state === 'open' && room.you) {
      ownIds.add(room.you.id)
      names.set(room.you.id, room.you.name)
      if (room.you.name !== me.name) setOwnName(room.you.name)
    }
    const { code = 1006, reason } = change
    const refusal = refusalIn(change)
    if (change.state === 'waiting') showState({ state: 'waiting', until: change.retryAt ?? Date.now(), refusal })
    else if (change.state === 'closed') showState({ state: 'closed', code, reason, refusal })
    else showState({ state: change.state })
    for (const { row, failed } of pending)
      if (!failed) showDelivery(row, change.state === 'open' ? 'sending' : 'queued')
    if (change.state === 'waiting' && !room.you) void checkRefusal(room)
  }

  /**
   * Stops reconnecting if the room finally refuses us before the first welcome.
   * @param {ChatRoom} failed
   */
  async function checkRefusal(failed) {
    const refusal = await checkAdmission(options.name)
    if (!refusal || !isFinal(refusal) || failed !== room) return
    failed.close()
    showState({ state: 'closed', code: refusal.code, refusal })
  }

  /** @param {string} name our name in the room */
  function setOwnName(name) {
    showNickname(name)
    members.me = name
  }

  /** @param {Pending} message */
  function submit(message) {
    message.failed = false
    showDelivery(message.row, room.state === 'open' ? 'sending' : 'queued')
    room.send('message', { text: message.text }).then(
      (ack) => {
        message.seq = ack.seq
        if (ack.seq === undefined || thread.has(ack.seq)) settle(message)
      },
      (error) => {
        message.failed = true
        showFailure(message.row, String(error.code ?? 'other'), String(error.message), {
          retry: () => {
            submit(message)
            composer.focus()
          },
          discard: () => {
            settle(message)
            composer.focus()
          },
        })
      },
    )
  }

  /** @param {Pending} message */
  function settle(message) {
    if (pending.delete(message)) thread.removePending(message.row)
  }

  /**
   * @param {{ id: string, name: string }} from
   * @param {string} text
   * @param {number | undefined} seq
   * @param {number} time ms since 1970
   */
  function receive(from, text, seq, time) {
    names.set(from.id, from.name)
    typing.remove(from.id)
    if (seq !== undefined && thread.has(seq)) return
    const own = ownIds.has(from.id)
    const confirmed = own
      ? [...pending].find((message) => (message.seq ?? seq) === seq && message.text === text && !message.failed)
      : undefined
    if (confirmed) pending.delete(confirmed)
    const delivery = confirmed && /** @type {const} */ ('sent')
    thread.add(
      { author: from.id, name: from.name, text, time, mine: own, seq, ...(delivery && { delivery }) },
      confirmed?.row,
    )
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
 * The member ids this tab has had in the room. By them the page recognises the reader's own messages after a reload.
 * @param {string} path
 */
function storedIds(path) {
  const key = `corridor.ids:${path}`
  /** @type {Set<string>} */
  const ids = new Set()
  try {
    for (const id of JSON.parse(sessionStorage.getItem(key) ?? '[]')) ids.add(String(id))
  } catch {
    // Storage may be blocked.
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
