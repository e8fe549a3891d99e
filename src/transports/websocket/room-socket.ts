/**
 * One WebSocket in a room: a `ws` socket that hands what it reads to its session. `websocket.ts` opens it; the room writes
 * to its wire (`websocket-wire.ts`); `ws` answers pings and closes on the same socket.
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

/** With these (or none, 1005) a client says that it leaves; any other end is a lost connection. */
const NORMAL_CLOSURES = [1000, 1001, 1005]
/** The limits that `ws` holds for us, by the code it closes with. */
const LIMITS_OF_WS: Readonly<Record<number, Limit>> = { 1008: 'limits.pieces', 1009: 'limits.payload' }

const PING = Buffer.from([0x89, 0])

/** What all sockets of one mount share. */
export interface SocketParts {
  readonly clock: Clock
  readonly limits: Mount['limits']
  readonly tally: Tally
  /** A peer's socket stands there until it is over. */
  readonly sockets: Set<Duplex>
  /** Counts a connection that we end. */
  readonly closed: (code: number) => void
}

/** Its listeners are shared, and no closure keeps the request alive. */
export class RoomSocket extends WebSocket implements HeartbeatTarget, ClosableSocket, ListeningSocket {
  /** Whether anything came since the last ping. */
  isAlive = true
  /** `undefined` while it joins. */
  #session: Session | undefined
  /** Its place in the heartbeat. */
  #beat: Beat | undefined
  #parts!: SocketParts
  #wire!: WebSocketWire
  #leave!: () => void
  /** Where messages may be compressed, `ws` reads them all. */
  #reader: FastReader | undefined
  #controls = 0
  /** The code with which `ws` has closed. */
  #closedWith: number | undefined
  /** `undefined` while nothing was on its way at a look. */
  #stalls: Stalls | undefined

  /** Begins to listen. `leave` is called when the connection is over; `answer`: to the handshake, if it is not sent yet. */
  listen(socket: Duplex, parts: SocketParts, leave: () => void, answer?: string): Wire {
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

  /** Its peer has joined. */
  enter(session: Session, beat: Beat): void {
    this.#wire.answer()
    this.#session = session
    this.#beat = beat
  }

  /** `ws` closes, for a broken frame or the peer's own close. */
  override close(code?: number, reason?: string | Buffer): void {
    this.#reader?.end()
    if (this.readyState === WebSocket.OPEN) this.#closedWith = code
    this.#close(code, reason)
  }

  /** It is we who end it. */
  end(code: number, reason: string): void {
    if (this.readyState === WebSocket.OPEN) this.#parts.closed(code)
    this.#close(code, reason)
  }

  /** What was said to the peer goes before. */
  #close(code?: number, reason?: string | Buffer): void {
    this.#session?.flush()
    this.#wire.answer()
    super.close(code, reason)
  }

  /** `ws` found a broken frame and has closed with the right code, where nobody had before. */
  protocolError(): void {
    if (this.#closedWith === undefined) return
    this.#parts.closed(this.#closedWith)
    const limit = LIMITS_OF_WS[this.#closedWith]
    if (limit) countExceeded(this.#parts.tally.exceeded, limit)
  }

  /** Sends a ready-made ping. */
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
    // In the midst of a frame it cannot answer a ping; that the frame grows is sign enough.
    if (sending === 'grows') this.isAlive = true
    if (sending === 'overdue') this.#exceed('limits.messageTimeout', Close.unfinished)
    else if (this.#stalls?.isStalled(this.#wire.socket as Socket, nowMs, sendTimeoutMs)) {
      this.#session?.cutSlow('limits.sendTimeout')
      // Its close waits behind what it does not take.
      this.#wire.shut()
    }
  }

  /** It gave no sign of life: says so, in case only one direction is dead, and lets go at once. */
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
    this.#stalls?.heard()
    // After our close frame the peer may still speak; it is not in the room any more.
    if (this.readyState === WebSocket.OPEN) this.#session?.receive(message)
  }

  /** A ping or a pong; ws has answered the ping. */
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
