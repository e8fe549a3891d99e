/**
 * What `ws` tells of a socket, handed to it. One function each serves all sockets, where a closure each would cost every
 * idle peer: `ws` calls a listener with the socket as `this`. `room-socket.ts` is who hears it.
 */
import type { RawData, WebSocket } from 'ws'

/** A socket that hears what `ws` has read. */
export interface ListeningSocket extends WebSocket {
  /** A message. */
  read(bytes: Buffer, isBinary: boolean): void
  /** A ping or a pong. */
  controlFrame(): void
  /** A broken frame; `over` follows. */
  protocolError(): void
  connectionClosed(code: number): void
}

export function listenTo(socket: ListeningSocket): void {
  socket.on('message', onMessage)
  socket.on('pong', onControlFrame)
  socket.on('ping', onControlFrame)
  socket.on('error', onError)
  socket.on('close', onClose)
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // One buffer, as long as nobody sets `binaryType`.
  ;(this as ListeningSocket).read(data as Buffer, isBinary)
}

function onControlFrame(this: WebSocket): void {
  ;(this as ListeningSocket).controlFrame()
}

function onError(this: WebSocket): void {
  ;(this as ListeningSocket).protocolError()
}

function onClose(this: WebSocket, code: number): void {
  ;(this as ListeningSocket).connectionClosed(code)
}
