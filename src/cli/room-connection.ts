/**
 * A connection of `corridor connect` to a room of either kind: takes frames as they are, reconnects after a loss, and
 * resumes after the last event it saw. `connect.ts` reads the lines and prints the frames.
 */
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { withQuery } from '../client/address.ts'
import { Backoff, isFinal } from '../client/backoff.ts'
import { Cursor, type WelcomeData } from '../client/cursor.ts'
import { parseFrame } from '../client/frame.ts'
import type { Clock } from '../clock.ts'
import { errorOf } from '../thrown.ts'

export interface ConnectionParts {
  readonly clock: Clock
  /** `ws:` or `wss:`. */
  readonly url: URL
  readonly token: string | undefined
  readonly name: string | undefined
  readonly client: string
  readonly offset: string | undefined
  /** A frame was received. */
  frame(data: string | Buffer): void
  /** Something to tell the user. */
  status(text: string): void
  /** Frames can be sent, and what was not answered again: over a new connection, or to where the room has moved. */
  opened(): void
  /** It is over for good. */
  ended(code: number): void
}

/** The server pings every 25 s and waits 10 s for an answer. */
const SILENCE_MS = 45_000
/** Refusals after which another attempt may help. */
const TEMPORARY = [408, 425, 429, 500, 502, 503, 504]

export class RoomConnection {
  readonly #parts: ConnectionParts
  readonly #backoff = new Backoff()
  readonly #cursor: Cursor
  #socket: WebSocket | undefined
  /** A server was reached: what is lost now may come back. */
  #isReached = false
  /** This connection was open. */
  #isOpened = false
  /** Whether its first frame was a welcome, which only rooms of events send; `undefined` before that frame. */
  #isWelcomed: boolean | undefined
  #isEnded = false
  #startedMs = 0
  #cancelTimer: () => void = () => {}

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#cursor = new Cursor(parts.offset)
  }

  /** Whether it is an event room, which answers messages with an id. */
  get hasAnswers(): boolean {
    return this.#cursor.epoch !== undefined
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Bytes that are not written yet. */
  get waiting(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  open(): void {
    const { clock, url, token, name, client, offset } = this.#parts
    this.#backoff.begin()
    this.#startedMs = clock.monotonic()
    const address = withQuery(url, { name, client, offset: this.#cursor.offset ?? offset })
    const socket = new WebSocket(address, token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } })
    this.#socket = socket
    this.#isOpened = false
    this.#isWelcomed = undefined
    let failure = ''
    socket.on('open', () => this.#opened(url))
    socket.on('message', (data: Buffer, isBinary) => this.#received(data, isBinary))
    socket.on('ping', () => this.#heard())
    socket.on('unexpected-response', (_, response) => void this.#refused(response))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.message || (error.code ?? '')
    })
    socket.on('close', (code, reason) => this.#lost(socket, code, String(reason) || failure))
  }

  send(line: string): void {
    this.#socket?.send(line)
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  /** Leaves the room. */
  close(): void {
    this.#end(0)
  }

  #opened(url: URL): void {
    this.#parts.status(this.#isReached ? 'connected again' : `connected to ${url.href}`)
    this.#isReached = this.#isOpened = true
    this.#heard()
    this.#parts.opened()
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#heard()
    const hasMoved = !isBinary && this.#follow(String(data))
    this.#parts.frame(isBinary ? data : String(data))
    if (!hasMoved) return
    this.#parts.status('the room has moved to another node')
    this.#parts.opened()
  }

  /** Notes the position, if the room is one of events. → whether it has moved: then a connection is welcomed again. */
  #follow(frame: string): boolean {
    const { type, data, seq } = parseFrame(frame) ?? {}
    const isFurther = this.#isWelcomed !== undefined
    this.#isWelcomed ??= type === 'welcome' && isWelcome(data)
    if (!this.#isWelcomed) return false
    if (type === 'welcome' && isWelcome(data)) {
      this.#cursor.welcome(data, isFurther)
      return isFurther
    }
    if (seq !== undefined) this.#cursor.advance(seq)
    return false
  }

  #heard(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(SILENCE_MS, () => this.#socket?.terminate())
  }

  async #refused(response: IncomingMessage): Promise<void> {
    const body = await text(response).catch(() => '')
    const status = response.statusCode ?? 0
    const waitMs = Number(response.headers['retry-after'] ?? Number.NaN) * 1000
    const why = `refused: ${status} ${body.trim()}`
    if (TEMPORARY.includes(status)) {
      this.#isReached = true
      this.#again(why, { code: 1006, reason: '' }, waitMs)
      return
    }
    this.#parts.status(why)
    this.#end(1)
  }

  #lost(socket: WebSocket, code: number, reason: string): void {
    if (this.#isEnded || socket !== this.#socket) return
    const why = `${code} ${reason}`.trim()
    const isOver = isFinal(code, reason, false)
    if (this.#isReached && !isOver) {
      this.#again(`connection lost: ${why}`, { code, reason })
      return
    }
    this.#parts.status(isOver ? `closed: ${why}` : `expected a server at ${this.#parts.url.href}: ${reason}`)
    this.#end(code === 1000 ? 0 : 1)
  }

  /** Tries again later, but not before `leastMs`. */
  #again(why: string, loss: { code: number; reason: string }, leastMs = Number.NaN): void {
    if (this.#isEnded) return
    const { clock, status } = this.#parts
    this.#cancelTimer()
    const ageMs = clock.monotonic() - this.#startedMs
    const waitMs = Math.max(leastMs || 0, this.#backoff.waitMs({ ...loss, wasOpen: this.#isOpened, ageMs }))
    const socket = this.#socket
    this.#socket = undefined
    socket?.terminate()
    status(`${why}; trying again in ${(waitMs / 1000).toFixed(1)} s`)
    this.#cancelTimer = clock.after(waitMs, () => this.#reopen())
  }

  #reopen(): void {
    try {
      this.open()
    } catch (error) {
      this.#parts.status(errorOf(error).message)
      this.#end(1)
    }
  }

  #end(code: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#cancelTimer()
    const socket = this.#socket
    if (!socket || socket.readyState === WebSocket.CLOSED) {
      this.#parts.ended(code)
      return
    }
    // At the latest when a server that does not answer was given a moment.
    const cancel = this.#parts.clock.after(1000, () => socket.terminate())
    socket.once('close', () => {
      cancel()
      this.#parts.ended(code)
    })
    socket.close(1000)
  }
}

function isWelcome(data: unknown): data is WelcomeData {
  return typeof data === 'object' && data !== null && 'epoch' in data && 'seq' in data && Number.isSafeInteger(data.seq)
}
