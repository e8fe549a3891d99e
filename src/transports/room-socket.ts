/**
 * One WebSocket in a room: a `ws` socket that knows its peer, and the wire that the room sees of it. `websocket.ts` opens
 * it; frames to the peer are written to the raw socket, many in one write; `ws` answers pings and closes on the same one.
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { Close, type CloseReason } from '../errors.ts'
import type { Mount } from '../mount.ts'
import type { Connection } from '../peer.ts'
import type { LiveRoom } from '../room.ts'
import { countBroken, type Limit, type Tally } from '../tally.ts'
import type { Wire } from '../wire.ts'
import type { Beating, Turn } from './heartbeat.ts'
import { isOverdue, isStuck, type Owed, owedOf, type Sighting } from './progress.ts'
import { Reader } from './reader.ts'
import { WebSocketWire } from './websocket-wire.ts'
import { unfinishedBytes } from './ws-internals.ts'

/** How long a peer that was closed for abuse may take to answer. */
const SHUT_MS = 1000
/** With these (or none, 1005) a client says that it leaves; any other end is a lost connection. */
const GOODBYES = [1000, 1001, 1005]
/** The limits that `ws` holds for us, by the code it closes with. */
const HELD_BY_WS: Readonly<Record<number, Limit>> = { 1008: 'limits.pieces', 1009: 'limits.payload' }

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
export class RoomSocket extends WebSocket implements Beating {
  peer!: Connection
  /** Its place in the heartbeat. */
  turn: Turn | undefined
  /** Whether anything came since the last ping. */
  isAlive = true
  #room!: LiveRoom
  #socket!: Duplex
  #parts!: SocketParts
  #wire!: WebSocketWire
  #leave!: () => void
  /** Where messages may be compressed, `ws` reads them all. */
  #reader: Reader | undefined
  #cancelRest: (() => void) | undefined
  #controls = 0
  /** The code with which `ws` has closed. */
  #closedWith: number | undefined
  /** The message that was not whole at the last look. */
  #begun: Sighting | undefined
  /** How much of it there was. */
  #cameBytes = 0
  #owed: Owed | undefined

  listen(socket: Duplex, parts: SocketParts, room: LiveRoom, leave: () => void): Wire {
    this.#socket = socket
    this.#parts = parts
    this.#room = room
    this.#wire = new WebSocketWire(this, socket)
    this.#leave = leave
    if (this.extensions === '') this.#reader = new Reader(this, socket, parts.limits.payloadBytes)
    this.on('message', onMessage)
    this.on('pong', onSign)
    this.on('ping', onSign)
    this.on('error', onError)
    this.on('close', onClose)
    return this.#wire
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
    this.peer?.seat.flush()
    super.close(code, reason)
  }

  /** `ws` found a broken frame and has closed with the right code, where nobody had before. */
  broke(): void {
    if (this.#closedWith === undefined) return
    this.#parts.closed(this.#closedWith)
    const limit = HELD_BY_WS[this.#closedWith]
    if (limit) countBroken(this.#parts.tally.broken, limit)
  }

  /** Sends a ready-made ping. */
  beat(): void {
    this.#controls = 0
    if (this.readyState === WebSocket.OPEN) this.#socket.write(PING)
  }

  look(nowMs: number): void {
    if (this.readyState !== WebSocket.OPEN) return
    const { messageTimeoutMs, sendTimeoutMs } = this.#parts.limits
    const bytes = this.isPaused ? undefined : unfinishedBytes(this)
    this.#begun = bytes === undefined ? undefined : (this.#begun ?? { sinceMs: nowMs, bytes })
    // In the midst of a frame it cannot answer a ping; that the frame grows is sign enough.
    if (bytes !== undefined && bytes > this.#cameBytes) this.isAlive = true
    this.#cameBytes = bytes ?? 0
    if (this.#begun && isOverdue(this.#begun, bytes ?? 0, nowMs, messageTimeoutMs)) {
      this.#break('limits.messageTimeout', Close.unfinished)
      return
    }
    this.#owed = owedOf(this.#owed, this.#socket as Socket, nowMs)
    if (!this.#owed || !isStuck(this.#owed, nowMs, sendTimeoutMs)) return
    this.peer.seat.cut('limits.sendTimeout')
    // Its close waits behind what it does not take.
    this.shut()
  }

  /** It gave no sign of life: says so, in case only one direction is dead, and lets go at once. */
  lose(): void {
    if (this.readyState === WebSocket.OPEN) countBroken(this.#parts.tally.broken, 'limits.heartbeat')
    this.end(Close.heartbeat.code, Close.heartbeat.reason)
    this.terminate()
  }

  /** `ws` has read a message. */
  read(bytes: Buffer, isBinary: boolean): void {
    this.#reader?.told()
    this.hear(isBinary ? bytes : bytes.toString())
  }

  hear(message: string | Buffer): void {
    this.isAlive = true
    this.#begun = undefined
    // After our close frame the peer may still speak; it is not in the room any more.
    if (this.readyState !== WebSocket.OPEN) return
    const waitMs = this.#room.receive(this.peer, message)
    if (waitMs > 0) this.#rest(waitMs)
  }

  /** Reads no more for a while; the network holds the peer back. What came in the same packet may make it longer. */
  #rest(ms: number): void {
    this.#cancelRest?.()
    this.pause()
    this.#cancelRest = this.#parts.clock.after(ms, () => this.#readOn())
  }

  #readOn(): void {
    this.isAlive = true
    this.resume()
  }

  /** Closed for what it sent or did not take: the rest is not even read. */
  shut(): void {
    this.#cancelRest?.()
    this.pause()
    this.#cancelRest = this.#parts.clock.after(SHUT_MS, () => this.terminate())
  }

  /** A ping or a pong; ws has answered the ping. */
  sign(): void {
    this.#reader?.told()
    this.isAlive = true
    this.#controls += 1
    const isFlood = this.#controls > this.#parts.limits.controls && this.readyState === WebSocket.OPEN
    if (isFlood) this.#break('limits.controls', Close.abuse)
  }

  over(code: number): void {
    this.#cancelRest?.()
    this.#parts.sockets.delete(this.#socket)
    if (this.turn) this.turn.socket = undefined
    this.#leave()
    const isGoodbye = this.#wire.isClosed || GOODBYES.includes(code)
    this.#room.gone(this.peer, this.#wire, !isGoodbye)
  }

  #break(limit: Limit, reason: CloseReason): void {
    countBroken(this.#parts.tally.broken, limit)
    this.#room.end(this.peer, reason)
  }
}

// One function each for all sockets: `ws` calls a listener with the socket as `this`.

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  ;(this as RoomSocket).read(data as Buffer, isBinary)
}

function onSign(this: WebSocket): void {
  ;(this as RoomSocket).sign()
}

/** A broken frame: `close` follows. */
function onError(this: WebSocket): void {
  ;(this as RoomSocket).broke()
}

function onClose(this: WebSocket, code: number): void {
  ;(this as RoomSocket).over(code)
}
