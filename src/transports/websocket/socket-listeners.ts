/**
 * What `ws` tells of a socket, handed to it. One function each serves all sockets, where a closure each would cost every
 * idle peer: `ws` calls a listener with the socket as `this`. `room-socket.ts` is who hears it.
 */
import type { RawData, WebSocket } from 'ws'

/** A socket that hears what `ws` has read. */
export interface HearingSocket extends WebSocket {
  /** A message. */
  read(bytes: Buffer, isBinary: boolean): void
  /** A ping or a pong. */
  sign(): void
  /** A broken frame; `over` follows. */
  broke(): void
  over(code: number): void
}

export function listenTo(socket: HearingSocket): void {
  socket.on('message', onMessage)
  socket.on('pong', onSign)
  socket.on('ping', onSign)
  socket.on('error', onError)
  socket.on('close', onClose)
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // One buffer, as long as nobody sets `binaryType`.
  ;(this as HearingSocket).read(data as Buffer, isBinary)
}

function onSign(this: WebSocket): void {
  ;(this as HearingSocket).sign()
}

function onError(this: WebSocket): void {
  ;(this as HearingSocket).broke()
}

function onClose(this: WebSocket, code: number): void {
  ;(this as HearingSocket).over(code)
}
