/**
 * The private parts of `ws` that we use: its receiver's state, the negotiated extension, its data listener, and options that
 * its types lack. The version is pinned exactly, and `test/transports/websocket/ws-internals.test.ts` names each part: with
 * a new version of `ws`, run it first.
 */
import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

declare module 'ws' {
  namespace WebSocket {
    interface ServerOptions {
      /** How long a peer may take to answer a close, in ms. */
      closeTimeout?: number
      /** The most pongs waiting to be sent; beyond it the connection is cut. */
      maxPendingAutoPongs?: number
    }
  }
  interface WebSocket {
    setSocket(socket: Duplex, head: Buffer, options: object): void
  }
}

/** RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * A server for admitted requests. For a plain handshake, the answer is passed to the callback, so that it can be sent with
 * the first frame: one write costs a third less than two. With a subprotocol or an extension, `ws` does the handshake and
 * answers it.
 */
export class HandshakeServer<T extends typeof WebSocket> extends WebSocketServer<T> {
  open(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (ws: InstanceType<T>, answer?: string) => void,
  ): void {
    const { headers } = request
    const key = headers['sec-websocket-key']
    const isPlain = !('sec-websocket-protocol' in headers || 'sec-websocket-extensions' in headers)
    if (!isPlain || key === undefined || !this.options.WebSocket) {
      // Here too, the first frame is sent with the answer.
      socket.cork()
      try {
        this.handleUpgrade(request, socket, head, (ws) => opened(ws))
      } finally {
        socket.uncork()
      }
      return
    }
    const ws: InstanceType<T> = Reflect.construct(this.options.WebSocket, [null, undefined, this.options])
    ws.setSocket(socket, head, this.options)
    opened(ws, answerTo(key))
  }
}

function answerTo(key: string): string {
  const accept = hash('sha1', key + GUID, 'base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

/** The state of an unfinished message. */
interface Receiver {
  /** 0 between two frames; `MASK` and `DATA`: the frame's length is known, and the frame is incomplete. */
  readonly _state: number
  /** The opcode of a fragmented message, 0 between two messages. */
  readonly _fragmented: number
  /** Bytes received and not read yet. */
  readonly _bufferedBytes: number
  readonly _opcode: number
  /** The length of this frame. */
  readonly _payloadLength: number
  /** The total length of this message's frames, the current one included; for compressed ones, as received. */
  readonly _totalPayloadLength: number
}

/** The negotiated permessage-deflate (RFC 7692). */
export interface Extension {
  readonly params: {
    readonly client_max_window_bits?: number
    readonly client_no_context_takeover?: true
  }
  /** Called with each fragment of a compressed message. */
  decompress(bytes: Buffer, isLast: boolean, done: Done): void
}

export type Done = (error: Error | null, bytes?: { readonly length: number }) => void

export type DataListener = (this: Duplex, chunk: Buffer) => void

interface Internals {
  readonly _receiver: Receiver
  readonly _extensions: Readonly<Record<string, Extension | undefined>>
}

const MASK = 3
const DATA = 4
/** From this opcode on, frames are control frames: ping, pong, close. */
const CONTROL = 8

/** The received bytes of an unfinished message; `undefined` if none was begun. */
export function unfinishedBytes(ws: WebSocket): number | undefined {
  const { _receiver: receiver } = internalsOf(ws)
  if (receiver._state === 0 && receiver._fragmented === 0 && receiver._bufferedBytes === 0) return undefined
  const isInFrame = (receiver._state === MASK || receiver._state === DATA) && receiver._opcode < CONTROL
  const before = receiver._totalPayloadLength - (isInFrame ? receiver._payloadLength : 0)
  return before + receiver._bufferedBytes
}

/** `undefined`: compression was not negotiated. */
export function deflateOf(ws: WebSocket): Extension | undefined {
  return internalsOf(ws)._extensions['permessage-deflate']
}

/** The data listener of `ws` on a socket that it has just been given. */
export function dataListenerOf(socket: Duplex): DataListener {
  const listeners: readonly unknown[] = socket.listeners('data')
  return listeners.at(-1) as DataListener
}

function internalsOf(ws: WebSocket): Internals {
  // The types of `ws` leave its private parts out. The canary test fails if a version has others.
  return ws as unknown as Internals
}
