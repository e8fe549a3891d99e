/**
 * A plain WebSocket that comes back by itself after every loss: within 2 s for the first 10 s, then later each time, until
 * the reader ends it or the room says that there is no use. The console speaks through it.
 */
import { isFinal, MOST_WAIT_MS, refusalOf } from './refusal.js'
import { protocols } from './token.js'

const FIRST_MS = 500
const SLOWEST_MS = 15_000
/** A connection that lasted this long makes its loss a first one. */
const STABLE_MS = 5000
/** So long after a first loss the network or the server may come back at any moment: the waits do not grow yet. */
const SOON_MS = 10_000
const SOON_WAIT_MS = 2000
/** How long an attempt may take: a network that is away may answer nothing at all. */
const PATIENCE_MS = { soon: 2500, else: 10_000 }

/** @typedef {import('./state.js').Shown} Shown */

export class Link {
  #address
  #on
  /** @type {WebSocket | undefined} */
  #socket
  #attempts = 0
  #lostAt = Number.NEGATIVE_INFINITY
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #isWanted = true

  /**
   * @param {() => URL} address
   * @param {{ state: (shown: Shown) => void, lost: (code: number, reason: string) => void,
   *   message: (data: string | ArrayBuffer) => void }} on
   */
  constructor(address, on) {
    this.#address = address
    this.#on = on
    addEventListener('online', () => this.#isWanted && !this.isOpen && this.open())
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Connected, or trying to be. */
  get isWanted() {
    return this.#isWanted
  }

  /** @param {string | ArrayBuffer | Uint8Array<ArrayBuffer>} data */
  send(data) {
    this.#socket?.send(data)
  }

  /** Connects anew, now. */
  open() {
    this.#drop()
    this.#isWanted = true
    const socket = new WebSocket(this.#address(), protocols())
    let openedAt = 0
    const patience = setTimeout(() => socket.close(), this.#isSoon ? PATIENCE_MS.soon : PATIENCE_MS.else)
    this.#socket = socket
    this.#attempts += 1
    socket.binaryType = 'arraybuffer'
    this.#on.state({ state: 'connecting' })
    socket.addEventListener('open', () => {
      clearTimeout(patience)
      openedAt = performance.now()
      if (this.#socket === socket) this.#on.state({ state: 'open' })
    })
    socket.addEventListener('message', ({ data }) => this.#socket === socket && this.#on.message(data))
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(patience)
      if (this.#socket !== socket) return
      if (openedAt > 0 && performance.now() - openedAt > STABLE_MS) {
        this.#attempts = 0
        this.#lostAt = performance.now()
      }
      this.#lost(socket, code, reason, openedAt > 0)
    })
  }

  /** Ends it for good, until `open`. */
  close() {
    this.#isWanted = false
    this.#drop()
    this.#on.lost(1000, '')
    this.#on.state({ state: 'closed' })
  }

  get #isSoon() {
    return performance.now() - this.#lostAt < SOON_MS
  }

  #drop() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(1000)
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   * @param {boolean} wasOpen
   */
  async #lost(socket, code, reason, wasOpen) {
    this.#on.lost(code, reason)
    const refusal = wasOpen ? undefined : await refusalOf(this.#address().searchParams.get('name') ?? undefined)
    // The reader may have pressed a button while the room was asked.
    if (this.#socket !== socket) return
    if (refusal ? isFinal(refusal) : wasOpen && isEnd(code, reason)) {
      this.#isWanted = false
      this.#on.state({ state: 'closed', code, reason, refusal })
      return
    }
    const growing = this.#isSoon ? SOON_WAIT_MS : Math.min(SLOWEST_MS, FIRST_MS * 2 ** this.#attempts)
    const askedMs = refusal?.retryAfterMs ?? hintMs(reason)
    const waitMs = Math.min(askedMs ?? growing * (0.5 + Math.random() / 2), MOST_WAIT_MS)
    this.#timer = setTimeout(() => this.open(), waitMs)
    this.#on.state({ state: 'waiting', until: Date.now() + waitMs, refusal })
  }
}

/**
 * Whether the room sent us away: as it chose to, or by policy, except where it only did not hear us.
 * @param {number} code
 * @param {string} reason
 */
function isEnd(code, reason) {
  return code === 1000 || code >= 3000 || (code === 1008 && !reason.includes('sign of life'))
}

/** What the server asks for: "come back in 250 ms". @param {string} reason */
function hintMs(reason) {
  const ms = /(\d+) ms\b/.exec(reason)?.[1]
  return ms === undefined ? undefined : Number(ms)
}
