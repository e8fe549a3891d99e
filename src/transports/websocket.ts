/**
 * The road in and out over WebSocket. The gate has admitted the request; here it is upgraded, joined, listened to.
 * `ws` does the handshake and reads frames (RFC 6455). Frames to the peer are made once per event (an `Encoding`) and
 * written to the socket itself, many in one write; `ws` answers pings and closes on the same socket, in whole frames.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Mount } from '../config.ts'
import { Close, Refusal } from '../errors.ts'
import type { Frame } from '../frame.ts'
import type { Admission } from '../gate.ts'
import type { Connection } from '../peer.ts'
import type { LiveRoom } from '../room.ts'
import { chooseProtocol } from '../visit.ts'
import type { Encoding, Wire } from '../wire.ts'
import { deflated, hasReadableOffer, NEGOTIATION } from './deflate.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { Refusals } from './refusals.ts'
import { refuse } from './refuse.ts'
import { closeReason, frameBytes } from './websocket-frame.ts'

/**
 * A message that comes in pieces smaller than this, as fragments or as packets, is an attack, not a message
 * (CVE-2026-48779): each piece costs some half a KiB until the message is whole.
 */
const MIN_PIECE_BYTES = 512
/** However small the payload limit: a ping, 131 bytes, may come byte by byte. */
const MIN_PIECES = 144
/** Pings and pongs a peer may send from one beat of ours to the next, its answers among them. */
const MAX_CONTROLS = 250
/** How long a peer may take to answer a close, and one that was closed for abuse. */
const CLOSE_MS = 5000
const SHUT_MS = 1000
/** With these (or none, 1005) a client says that it leaves; any other end is a lost connection. */
const GOODBYES = [1000, 1001, 1005]

const PING = Buffer.from([0x89, 0])

export const plain: Encoding = { name: 'websocket', encode: ({ payload }: Frame) => frameBytes(payload) }

export interface DoorParts {
  readonly heartbeat: Heartbeat
  /** A peer's socket stands there until it is over. */
  readonly sockets: Set<Duplex>
  readonly refusals: Refusals
  /** Counts a connection that we end. */
  readonly closed: (code: number) => void
}

/** One mount's own WebSocket server. */
export class WebSocketDoor {
  readonly #server: WebSocketServer
  readonly #parts: DoorParts
  readonly #heartbeatMs: number

  constructor(mount: Mount, parts: DoorParts) {
    this.#parts = parts
    const pieces = Math.max(MIN_PIECES, Math.ceil(mount.limits.payloadBytes / MIN_PIECE_BYTES))
    this.#heartbeatMs = mount.limits.heartbeatMs
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      WebSocket: RoomSocket,
      maxPayload: mount.limits.payloadBytes,
      maxFragments: pieces,
      maxBufferedChunks: pieces,
      // Ours says why it closes; theirs cuts the line.
      maxPendingAutoPongs: MAX_CONTROLS + 1,
      closeTimeout: CLOSE_MS,
      perMessageDeflate: mount.compression && NEGOTIATION,
      handleProtocols: (offered) => chooseProtocol(offered, mount.protocols) ?? false,
    } as ConstructorParameters<typeof WebSocketServer>[0])
    // The gate has refused all that ws would, but for malformed lists of protocols and extensions.
    this.#server.on('wsClientError', ({ message }, socket, request) =>
      refuse(socket, parts.refusals.of(new Refusal(400, 'bad_handshake', message), request)),
    )
  }

  /** Upgrades and joins; nothing waits between the handshake and the listeners. `false`: ws refused the request. */
  open(request: IncomingMessage, socket: Duplex, head: Buffer, admission: Admission): boolean {
    let hasJoined = false
    const { headers } = request
    // ws would refuse who offers only what cannot be had; here it gets in, uncompressed (RFC 7692, 5.1).
    if (!hasReadableOffer(headers['sec-websocket-extensions'])) delete headers['sec-websocket-extensions']
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const { room, visitor, offset } = admission
      const roomSocket = ws as RoomSocket
      const wire = new WebSocketWire(roomSocket, socket)
      roomSocket.listen(socket, this.#parts, room, wire, admission.leave)
      roomSocket.peer = room.join(visitor, wire, offset)
      this.#parts.heartbeat.add(roomSocket, this.#heartbeatMs)
      hasJoined = true
    })
    return hasJoined
  }
}

/** A `ws` socket that knows its peer: its listeners are shared, and no closure keeps the request alive. */
export class RoomSocket extends WebSocket {
  peer!: Connection
  /** Whether anything came since the last ping. */
  isAlive = true
  #room!: LiveRoom
  #socket!: Duplex
  #parts!: DoorParts
  #wire!: WebSocketWire
  #leave!: () => void
  #resting: NodeJS.Timeout | undefined
  #controls = 0
  #closedWith: number | undefined

  listen(socket: Duplex, parts: DoorParts, room: LiveRoom, wire: WebSocketWire, leave: () => void): void {
    this.#socket = socket
    this.#parts = parts
    this.#room = room
    this.#wire = wire
    this.#leave = leave
    this.on('message', onMessage)
    this.on('pong', onSign)
    this.on('ping', onSign)
    this.on('error', onError)
    this.on('close', onClose)
  }

  /** Also where `ws` closes for a broken frame or the peer's own close: what was said to the peer goes before. */
  override close(code?: number, reason?: string | Buffer): void {
    this.peer?.seat.flush()
    this.#closedWith = code
    super.close(code, reason)
  }

  /** It is we who end it. */
  end(code: number, reason: string): void {
    if (this.readyState === WebSocket.OPEN) this.#parts.closed(code)
    this.close(code, reason)
  }

  /** `ws` found a broken frame and has closed with the right code. */
  broke(): void {
    if (this.#closedWith !== undefined) this.#parts.closed(this.#closedWith)
  }

  /** Sends a ready-made ping. */
  beat(): void {
    this.#controls = 0
    if (this.readyState === WebSocket.OPEN) this.#socket.write(PING)
  }

  /** It gave no sign of life: says so, in case only one direction is dead, and lets go at once. */
  lose(): void {
    this.end(Close.heartbeat.code, Close.heartbeat.reason)
    this.terminate()
  }

  hear(bytes: Buffer, isBinary: boolean): void {
    this.isAlive = true
    // After our close frame the peer may still speak; it is not in the room any more.
    if (this.readyState !== WebSocket.OPEN) return
    const waitMs = this.#room.receive(this.peer, isBinary ? bytes : bytes.toString())
    if (waitMs > 0) this.#rest(waitMs)
  }

  /** Reads no more for a while; the network holds the peer back. What came in the same packet may make it longer. */
  #rest(ms: number): void {
    clearTimeout(this.#resting)
    this.pause()
    this.#resting = setTimeout(() => this.#readOn(), ms).unref()
  }

  #readOn(): void {
    this.isAlive = true
    this.resume()
  }

  /** Closed for abuse: the rest of its flood is not even read. */
  shut(): void {
    clearTimeout(this.#resting)
    this.pause()
    this.#resting = setTimeout(() => this.terminate(), SHUT_MS).unref()
  }

  /** A ping or a pong; ws has answered the ping. */
  sign(): void {
    this.isAlive = true
    this.#controls += 1
    const isFlood = this.#controls > MAX_CONTROLS && this.readyState === WebSocket.OPEN
    if (isFlood) this.#room.end(this.peer, Close.abuse)
  }

  over(code: number): void {
    clearTimeout(this.#resting)
    this.#parts.sockets.delete(this.#socket)
    this.#leave()
    const isGoodbye = this.#wire.isClosed || GOODBYES.includes(code)
    this.#room.gone(this.peer, this.#wire, !isGoodbye)
  }
}

// One function each for all sockets: `ws` calls a listener with the socket as `this`.

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  ;(this as RoomSocket).hear(data as Buffer, isBinary)
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

class WebSocketWire implements Wire {
  readonly encoding: Encoding
  /** It was the room that closed it. */
  isClosed = false
  readonly #ws: RoomSocket
  readonly #socket: Duplex

  constructor(ws: RoomSocket, socket: Duplex) {
    this.encoding = ws.extensions.includes('permessage-deflate') ? deflated : plain
    this.#ws = ws
    this.#socket = socket
  }

  get waiting(): number {
    return this.#socket.writableLength
  }

  send(bytes: Buffer): void {
    // After a close frame nothing may follow (RFC 6455, 5.5.1).
    if (this.#ws.readyState === WebSocket.OPEN) this.#socket.write(bytes)
  }

  close(code: number, reason: string): void {
    this.isClosed = true
    this.#ws.end(code, closeReason(reason))
    if (reason === Close.abuse.reason) this.#ws.shut()
  }
}
