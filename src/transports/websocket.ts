/**
 * The road in and out over WebSocket. The gate has admitted the request; here it is upgraded, joined, listened to.
 * `ws` does the handshake and reads frames (RFC 6455). Frames to the peer are made once per event (`encoding`) and
 * written to the socket itself, many in one write; `ws` answers pings and closes on the same socket, in whole frames.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Mount } from '../config.ts'
import { Close, Refusal } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { type Admission, chooseProtocol } from '../gate.ts'
import type { Connection } from '../peer.ts'
import type { LiveRoom } from '../room.ts'
import type { Encoding, Wire } from '../wire.ts'
import type { Heartbeat } from './heartbeat.ts'
import { refuse } from './refuse.ts'

/** A message in more pieces than this is an attack, not a message (CVE-2026-48779). */
const MAX_FRAGMENTS = 256
const MAX_BUFFERED_CHUNKS = 4096
/** How long a peer may take to answer a close. */
const CLOSE_MS = 5000
const MAX_REASON_BYTES = 123

const TEXT = 0x81
const BINARY = 0x82
const PING = Buffer.from([0x89, 0])

/** A whole unmasked frame (RFC 6455, 5.2), made without knowing for whom. */
export const encoding: Encoding = {
  name: 'websocket',
  encode({ payload }: Frame): Buffer {
    const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    const head = length < 126 ? 2 : length < 65536 ? 4 : 10
    const bytes = Buffer.allocUnsafe(head + length)
    bytes[0] = typeof payload === 'string' ? TEXT : BINARY
    if (head === 2) bytes[1] = length
    else if (head === 4) {
      bytes[1] = 126
      bytes.writeUInt16BE(length, 2)
    } else {
      bytes[1] = 127
      bytes.writeBigUInt64BE(BigInt(length), 2)
    }
    if (typeof payload === 'string') bytes.write(payload, head)
    else bytes.set(payload, head)
    return bytes
  },
}

/** One mount's own WebSocket server. */
export class WebSocketDoor {
  readonly #server: WebSocketServer
  readonly #heartbeat: Heartbeat
  readonly #heartbeatMs: number

  constructor(mount: Mount, heartbeat: Heartbeat) {
    this.#heartbeat = heartbeat
    this.#heartbeatMs = mount.limits.heartbeatMs
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      WebSocket: RoomSocket,
      maxPayload: mount.limits.payloadBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: CLOSE_MS,
      perMessageDeflate: false,
      handleProtocols: (offered) => chooseProtocol(offered, mount.protocols) ?? false,
    } as ConstructorParameters<typeof WebSocketServer>[0])
    // The gate has refused all that ws would, but for malformed lists of protocols and extensions.
    this.#server.on('wsClientError', (error, socket) =>
      refuse(socket, new Refusal(400, 'bad_handshake', error.message)),
    )
  }

  /** Upgrades and joins; nothing waits between the handshake and the listeners. `false`: ws refused the request. */
  open(request: IncomingMessage, socket: Duplex, head: Buffer, admission: Admission): boolean {
    let hasJoined = false
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const { room, visitor, offset } = admission
      const roomSocket = ws as RoomSocket
      roomSocket.listen(socket, room, admission.leave)
      roomSocket.peer = room.join(visitor, new WebSocketWire(roomSocket, socket), offset)
      this.#heartbeat.add(roomSocket, this.#heartbeatMs)
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
  #leave!: () => void

  listen(socket: Duplex, room: LiveRoom, leave: () => void): void {
    this.#socket = socket
    this.#room = room
    this.#leave = leave
    this.on('message', RoomSocket.#onMessage)
    this.on('pong', RoomSocket.#onSign)
    this.on('ping', RoomSocket.#onSign)
    this.on('error', RoomSocket.#onError)
    this.on('close', RoomSocket.#onClose)
  }

  /** Sends a ready-made ping. */
  beat(): void {
    if (this.readyState === WebSocket.OPEN) this.#socket.write(PING)
  }

  /** It gave no sign of life: says so, in case only one direction is dead, and lets go at once. */
  lose(): void {
    this.close(Close.heartbeat.code, Close.heartbeat.reason)
    this.terminate()
  }

  static #onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    const socket = this as RoomSocket
    socket.isAlive = true
    const bytes = data as Buffer
    const waitMs = socket.#room.receive(socket.peer, isBinary ? bytes : bytes.toString())
    if (waitMs > 0) socket.#rest(waitMs)
  }

  /** Reads no more for a while; the network holds the peer back. */
  #rest(ms: number): void {
    if (this.isPaused) return
    this.pause()
    setTimeout(() => this.resume(), ms).unref()
  }

  static #onSign(this: WebSocket): void {
    ;(this as RoomSocket).isAlive = true
  }

  /** A broken frame or a lost connection: ws closes with the right code, and `close` follows. */
  static #onError(this: WebSocket): void {}

  static #onClose(this: WebSocket): void {
    const socket = this as RoomSocket
    socket.#leave()
    socket.#room.leave(socket.peer)
  }
}

class WebSocketWire implements Wire {
  readonly encoding = encoding
  readonly #ws: RoomSocket
  readonly #socket: Duplex

  constructor(ws: RoomSocket, socket: Duplex) {
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
    this.#ws.close(code, cut(reason))
  }
}

/** A close reason has at most 123 bytes (RFC 6455, 5.5); it is cut between characters. */
function cut(reason: string): string {
  let text = reason.toWellFormed()
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = [...text].slice(0, -1).join('')
  return text
}
