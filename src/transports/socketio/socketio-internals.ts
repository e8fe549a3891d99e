/**
 * The private parts of `socket.io` and `engine.io` that we use. Both versions are pinned exactly, and
 * `test/transports/socketio/socketio-internals.test.ts` names each part: with a new version, run it first.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Socket as EngineSocket } from 'engine.io'
import type { Socket } from 'socket.io'
import type { WebSocket } from 'ws'

/** The type of a packet that connects a namespace. */
export const CONNECT = 0

/** A decoded packet of Socket.IO. */
export interface Packet {
  readonly type: number
  readonly nsp: string
  /** The number of a message that asks for an answer. */
  readonly id?: number
  readonly data?: unknown
}

interface SocketParts {
  handshake: unknown
  pid: string | undefined
  onevent: (this: Socket, packet: Packet) => void
  _cleanup(): void
}

interface Decoder {
  on(event: 'decoded', listener: (packet: Packet) => void): void
  off(event: 'decoded', listener: (packet: Packet) => void): void
}

/** A namespace as a client has written it, and what it says of itself with the connect. */
export interface NamespaceRequest {
  readonly namespace: string
  readonly authPayload: Readonly<Record<string, unknown>>
}

interface ClientParts {
  _parseNamespace(packet: Packet): NamespaceRequest
  readonly decoder: Decoder
  readonly ondecoded: (packet: Packet) => void
}

interface EngineParts {
  readonly writeBuffer: readonly unknown[]
  readonly id: string
  readonly pingTimeoutTimer: NodeJS.Timeout | null
  request: unknown
}

interface RequestParts {
  _query: Readonly<Record<string, string>>
}

interface TransportParts {
  readonly socket?: WebSocket & { readonly _socket: NetSocket | null }
  closeTimeout?: number
  readonly res?: { readonly socket: NetSocket | null } | null
}

/**
 * Passes the messages of a socket to `listener` (with the socket as `this`), with their numbers, instead of to listeners
 * by event name.
 */
export function takeEvents(socket: Socket, listener: (this: Socket, packet: Packet) => void): void {
  socketParts(socket).onevent = listener
}

/** Forgets a socket that was not connected, without an answer. */
export function forget(socket: Socket): void {
  socketParts(socket)._cleanup()
}

/**
 * Sets the private session id that the connect of a socket is answered with; `undefined`: none, so that the client does not
 * try to be recovered.
 */
export function setSessionId(socket: Socket, pid: string | undefined): void {
  socketParts(socket).pid = pid
}

/** Reads the namespaces in the packets of a connection by `parse`; Engine.IO 3 has the query of a connect in them. */
export function parseNamespaces({ client }: Socket, parse: (nsp: string) => NamespaceRequest): void {
  const parts = client as unknown as ClientParts
  parts._parseNamespace = ({ nsp }) => parse(nsp)
}

/**
 * Passes on only the packets of a connection that `isWanted`. A connect is passed on a tick later, as socket.io does with
 * all other packets: when a client disconnects and connects again at once, both come in one piece, and socket.io would
 * see the connect first and close the connection.
 */
export function filterPackets({ client }: Socket, isWanted: (packet: Packet) => boolean): void {
  const { decoder, ondecoded } = client as unknown as ClientParts
  decoder.off('decoded', ondecoded)
  decoder.on('decoded', (packet) => {
    if (!isWanted(packet)) return
    if (packet.type === CONNECT) process.nextTick(ondecoded, packet)
    else ondecoded(packet)
  })
}

/**
 * Gives Engine.IO the query of a request as we have read it, so that it does not read another one: it would take the last
 * of several values, and leave out what follows a `#`.
 */
export function setQuery(request: IncomingMessage, query: URLSearchParams): void {
  const parts = request as unknown as RequestParts
  parts._query = Object.fromEntries([...query].reverse())
}

/** The id of a connection, which its client gives with each request. */
export function idOf(engine: EngineSocket): string {
  return engineParts(engine).id
}

/** Whether packets wait in the connection for its transport. */
export function hasQueue(engine: EngineSocket): boolean {
  return engineParts(engine).writeBuffer.length > 0
}

/** The WebSocket of a connection; `undefined` while it polls. */
export function webSocketOf({ transport }: EngineSocket): WebSocket | undefined {
  return transport.name === 'websocket' ? (transport as unknown as TransportParts).socket : undefined
}

/** The network socket that a connection is written to now. */
export function netSocketOf({ transport }: EngineSocket): NetSocket | undefined {
  const { socket, res } = transport as unknown as TransportParts
  return (transport.name === 'websocket' ? socket?._socket : res?.socket) ?? undefined
}

/** How long a client that polls may take to ask for the end of its connection. */
export function setCloseTimeout({ transport }: EngineSocket, ms: number): void {
  if (transport.name === 'polling') (transport as unknown as TransportParts).closeTimeout = ms
}

/** Begins the time to answer a ping anew: while nothing was read, no answer could be. */
export function refreshPing(engine: EngineSocket): void {
  engineParts(engine).pingTimeoutTimer?.refresh()
}

/** Lets go of what a socket was admitted by. */
export function dropHandshake(socket: Socket): void {
  const parts = socketParts(socket)
  parts.handshake = undefined
  parts.pid = undefined
}

/** Lets go of the request that a connection began with. */
export function dropRequest(engine: EngineSocket): void {
  engineParts(engine).request = undefined
}

function socketParts(socket: Socket): SocketParts {
  // The types of `socket.io` have these parts as private. The canary test fails if a version has others.
  return socket as unknown as SocketParts
}

function engineParts(engine: EngineSocket): EngineParts {
  return engine as unknown as EngineParts
}
