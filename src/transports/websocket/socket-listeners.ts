/**
 * Passes the events of a `ws` socket to its methods. One shared function per event saves a closure per peer: `ws` calls a
 * listener with the socket as `this`. `room-socket.ts` implements the methods.
 */
import type { RawData, WebSocket } from 'ws'

/** A socket with a method for each event of `ws`. */
export interface ListeningSocket extends WebSocket {
  /** A message. */
  read(bytes: Buffer, isBinary: boolean): void
  /** A ping or a pong. */
  controlFrame(): void
  /** A malformed frame; `connectionClosed` follows. */
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

/** Only `listenTo` registers these functions, so `this` is a `ListeningSocket`; `ws` types it as a `WebSocket`. */
function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // A single Buffer, since `binaryType` is never set.
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
