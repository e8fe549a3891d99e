/**
 * A plain WebSocket that reconnects after every loss: within 2 s during the first 10 s, then with growing delays, until the
 * reader ends it or the room refuses it for good. Used by the console.
 */
import { checkAdmission, isFinal, MAX_WAIT_MS } from './refusal.js'
import { protocols } from './token.js'

const FIRST_MS = 500
const MAX_DELAY_MS = 15_000
/** After a connection of this length its loss counts as the first one. */
const STABLE_MS = 5000
/** For this long after the first loss the delays do not grow: network or server may return at any moment. */
const SOON_MS = 10_000
const SOON_WAIT_MS = 2000
/** Timeout of an attempt: without a network there may be no answer at all. */
const OPEN_TIMEOUT_MS = { soon: 2500, else: 10_000 }

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

  /** Closes the connection, if there is one, and opens a new one at once. */
  open() {
    this.#drop()
    this.#isWanted = true
    const socket = new WebSocket(this.#address(), protocols())
    let openedAt = 0
    const timeout = setTimeout(() => socket.close(), this.#isSoon ? OPEN_TIMEOUT_MS.soon : OPEN_TIMEOUT_MS.else)
    this.#socket = socket
    this.#attempts += 1
    socket.binaryType = 'arraybuffer'
    this.#on.state({ state: 'connecting' })
    socket.addEventListener('open', () => {
      clearTimeout(timeout)
      openedAt = performance.now()
      if (this.#socket === socket) this.#on.state({ state: 'open' })
    })
    socket.addEventListener('message', ({ data }) => this.#socket === socket && this.#on.message(data))
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(timeout)
      if (this.#socket !== socket) return
      if (openedAt > 0 && performance.now() - openedAt > STABLE_MS) {
        this.#attempts = 0
        this.#lostAt = performance.now()
      }
      this.#lost(socket, code, reason, openedAt > 0)
    })
  }

  /** Closes the connection, without reconnecting. */
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
    const refusal = wasOpen ? undefined : await checkAdmission(this.#address().searchParams.get('name') ?? undefined)
    // The reader may have pressed a button meanwhile.
    if (this.#socket !== socket) return
    if (refusal ? isFinal(refusal) : wasOpen && isEnd(code, reason)) {
      this.#isWanted = false
      this.#on.state({ state: 'closed', code, reason, refusal })
      return
    }
    const growing = this.#isSoon ? SOON_WAIT_MS : Math.min(MAX_DELAY_MS, FIRST_MS * 2 ** this.#attempts)
    const askedMs = refusal?.retryAfterMs ?? hintMs(reason)
    const waitMs = Math.min(askedMs ?? growing * (0.5 + Math.random() / 2), MAX_WAIT_MS)
    this.#timer = setTimeout(() => this.open(), waitMs)
    this.#on.state({ state: 'waiting', until: Date.now() + waitMs, refusal })
  }
}

/**
 * Whether the room closed the connection for good: by its own choice or by policy, except for a missed heartbeat.
 * @param {number} code
 * @param {string} reason
 */
function isEnd(code, reason) {
  return code === 1000 || code >= 3000 || (code === 1008 && !reason.includes('sign of life'))
}

/** Reads a delay from a close reason: "come back in 250 ms". @param {string} reason */
function hintMs(reason) {
  const ms = /(\d+) ms\b/.exec(reason)?.[1]
  return ms === undefined ? undefined : Number(ms)
}
