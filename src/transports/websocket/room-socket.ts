/**
 * One WebSocket of a room: a `ws` socket that passes messages to its session. `websocket.ts` opens it; the room writes to
 * its wire (`websocket-wire.ts`); `ws` answers pings and closes on the same socket.
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { Mount } from '../../config/mount.ts'
import type { Wire } from '../../delivery/wire.ts'
import { Close, type CloseReason } from '../../errors.ts'
import type { Session } from '../../room/session.ts'
import { countExceeded, type Limit, type Tally } from '../../tally.ts'
import type { Beat, HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'
import { FastReader } from './fast-reader.ts'
import { type ListeningSocket, listenTo } from './socket-listeners.ts'
import { type ClosableSocket, WebSocketWire } from './websocket-wire.ts'
import { unfinishedBytes } from './ws-internals.ts'

/** Close codes of a client that leaves on purpose (1005: no code); any other end is a lost connection. */
const NORMAL_CLOSURES = [1000, 1001, 1005]
/** The limits that `ws` enforces, by its close code. */
const LIMITS_OF_WS: Readonly<Record<number, Limit>> = { 1008: 'limits.pieces', 1009: 'limits.payload' }

const PING = Buffer.from([0x89, 0])

/** Shared by all sockets of one mount. */
export interface SocketParts {
  readonly clock: Clock
  readonly limits: Mount['limits']
  readonly tally: Tally
  /** A peer's socket is removed when its connection is closed. */
  readonly sockets: Set<Duplex>
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
}

/** Listeners are shared functions, so that no closure keeps the request alive. */
export class RoomSocket extends WebSocket implements HeartbeatTarget, ClosableSocket, ListeningSocket {
  /** Whether anything came since the last ping. */
  isAlive = true
  /** `undefined` while the peer joins. */
  #session: Session | undefined
  /** Its entry in the heartbeat. */
  #beat: Beat | undefined
  #parts!: SocketParts
  #wire!: WebSocketWire
  #leave!: () => void
  /** `undefined` if messages may be compressed: then `ws` reads them all. */
  #reader: FastReader | undefined
  #controls = 0
  /** The code with which `ws` itself has closed. */
  #closedWith: number | undefined
  /** `undefined` until a check finds an unfinished message or pending bytes. */
  #stalls: Stalls | undefined

  /** Begins to listen. `leave` is called when the connection is closed; `answer`: to the handshake, if not sent yet. */
  listen(socket: Socket, parts: SocketParts, leave: () => void, answer?: string): Wire {
    this.#parts = parts
    this.#wire = new WebSocketWire(this, socket, answer)
    this.#leave = leave
    if (this.extensions === '') this.#reader = new FastReader(this, socket, parts.limits.payloadBytes)
    listenTo(this)
    return this.#wire
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  /** Called when the peer has joined. */
  enter(session: Session, beat: Beat): void {
    this.#wire.answer()
    this.#session = session
    this.#beat = beat
  }

  /** Called by `ws` for a protocol error or the peer's close. */
  override close(code?: number, reason?: string | Buffer): void {
    this.#reader?.end()
    if (this.readyState === WebSocket.OPEN) this.#closedWith = code
    this.#close(code, reason)
  }

  /** Closes by the server's decision. */
  end(code: number, reason: string): void {
    if (this.readyState === WebSocket.OPEN) this.#parts.closed(code)
    this.#close(code, reason)
  }

  /** Frames already sent to the peer go first. */
  #close(code?: number, reason?: string | Buffer): void {
    this.#session?.flush()
    this.#wire.answer()
    super.close(code, reason)
  }

  /** `ws` found a protocol error, and has closed with the matching code unless the connection was closing. */
  protocolError(): void {
    if (this.#closedWith === undefined) return
    this.#parts.closed(this.#closedWith)
    const limit = LIMITS_OF_WS[this.#closedWith]
    if (limit) countExceeded(this.#parts.tally.exceeded, limit)
  }

  sendPing(): void {
    this.#controls = 0
    if (this.readyState === WebSocket.OPEN) this.#wire.socket.write(PING)
  }

  checkStalls(nowMs: number): void {
    if (this.readyState !== WebSocket.OPEN) return
    const { messageTimeoutMs, sendTimeoutMs } = this.#parts.limits
    const bytes = this.isPaused ? undefined : unfinishedBytes(this)
    if (bytes !== undefined || this.#wire.waiting > 0) this.#stalls ??= new Stalls()
    const sending = this.#stalls?.sending(bytes, nowMs, messageTimeoutMs)
    // In the middle of a frame the peer cannot answer a ping; a growing frame is activity.
    if (sending === 'growing') this.isAlive = true
    if (sending === 'timed out') this.#exceed('limits.messageTimeout', Close.unfinished)
    else if (this.#stalls?.isStalled(this.#wire.socket, nowMs, sendTimeoutMs)) {
      this.#session?.cutSlow('limits.sendTimeout')
      // The close frame is queued behind the bytes that the peer does not read.
      this.#wire.shut()
    }
  }

  /** Sends a close in case only one direction is dead, then terminates. */
  timeOut(): void {
    if (this.readyState === WebSocket.OPEN) countExceeded(this.#parts.tally.exceeded, 'limits.heartbeat')
    this.end(Close.heartbeat.code, Close.heartbeat.reason)
    this.terminate()
  }

  /** `ws` has read a message. */
  read(bytes: Buffer, isBinary: boolean): void {
    this.#reader?.resume()
    this.receive(isBinary ? bytes : bytes.toString())
  }

  receive(message: string | Buffer): void {
    this.isAlive = true
    this.#stalls?.messageComplete()
    // After our close frame the peer may still send, but it is no member any more.
    if (this.readyState === WebSocket.OPEN) this.#session?.receive(message)
  }

  /** A ping or a pong; `ws` has answered the ping. */
  controlFrame(): void {
    this.#reader?.resume()
    this.isAlive = true
    this.#controls += 1
    const isFlood = this.#controls > this.#parts.limits.controls && this.readyState === WebSocket.OPEN
    if (isFlood) this.#exceed('limits.controls', Close.abuse)
  }

  connectionClosed(code: number): void {
    this.#wire.over()
    this.#parts.sockets.delete(this.#wire.socket)
    if (this.#beat) this.#beat.socket = undefined
    this.#leave()
    const isNormal = this.#wire.isClosed || NORMAL_CLOSURES.includes(code)
    this.#session?.gone(!isNormal)
  }

  #exceed(limit: Limit, reason: CloseReason): void {
    countExceeded(this.#parts.tally.exceeded, limit)
    this.#session?.end(reason)
  }
}
