/**
 * The gateway for Socket.IO clients: the official `socket.io` server on an Engine.IO server without an HTTP server of its
 * own. Upgrades come from `upgrade.ts`, polling requests from a Fastify route (`requests.ts`). Each namespace is the room
 * of that path. `server.ts` loads it only where `server.socketio` is on.
 *
 * Engine.IO has timers and ids of its own (pings, upgrades), which do not follow the injected clock.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server as Engine, type Socket as EngineSocket } from 'engine.io'
import type { FastifyInstance } from 'fastify'
import { Server, type Socket } from 'socket.io'
import { type ServerOptions as WebSocketOptions, WebSocketServer } from 'ws'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import type { Caller, Handshake } from '../../gate/caller.ts'
import type { Random } from '../../random.ts'
import type { CallerOf } from '../caller-reader.ts'
import type { Heartbeat } from '../heartbeat.ts'
import { roomAdapter } from './adapter.ts'
import { clientFiles } from './client-files.ts'
import { Connection } from './connection.ts'
import { corsHeaders, withoutCookie } from './cors.ts'
import { Namespaces, type NamespacesParts } from './namespaces.ts'
import { packetParser } from './packet-parser.ts'
import { pollingRoutes } from './requests.ts'
import { dropRequest, forget, idOf, setQuery } from './socketio-internals.ts'

export interface GatewayParts extends Omit<NamespacesParts, 'mostNamespaces'> {
  readonly clock: Clock
  readonly random: Random
  readonly heartbeat: Heartbeat
  readonly callerOf: CallerOf
  readonly config: () => Config
  /** All open sockets; `ending.ts` destroys the rest of them. */
  readonly sockets: Set<Duplex>
}

/** How long a client may take to answer a ping. */
const PING_ANSWER_MS = 10_000
/** How long a client may take to ask for its first namespace. */
const FIRST_NAMESPACE_MS = 10_000
/** How long a client may take to answer a close. */
const CLOSE_ANSWER_MS = 5000
type EngineRequest = Parameters<Engine['handleRequest']>[0]

/** Engine.IO's code for a session that is over, or that another server behind the same proxy has. */
const UNKNOWN_SESSION = 1
/** Under the base path. */
const PATH = '/socket.io'
const ID_BYTES = 18
/** Room for the name of the event, the namespace and the numbers around a message. */
const HEAD_BYTES = 1024

export class Gateway {
  readonly #parts: GatewayParts
  readonly #engine: Engine
  readonly #io: Server
  readonly #namespaces: Namespaces
  /** By the id of the Engine.IO session. */
  readonly #connections = new Map<string, Connection>()
  /** Of later connections. */
  #limits: WebSocketOptions & { readonly maxPayload: number }
  readonly files = clientFiles()

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#limits = limitsOf(parts.config())
    const limits = () => this.#limits
    this.#engine = new Engine({
      pingInterval: parts.config().heartbeatMs,
      pingTimeout: PING_ANSWER_MS,
      maxHttpBufferSize: this.#limits.maxPayload,
      httpCompression: false,
      allowEIO3: true,
      wsEngine: class extends WebSocketServer {
        constructor(options: WebSocketOptions) {
          super({ ...options, closeTimeout: CLOSE_ANSWER_MS })
        }

        override handleUpgrade(...upgrade: Parameters<WebSocketServer['handleUpgrade']>): void {
          // A reload may have changed them.
          Object.assign(this.options, limits())
          super.handleUpgrade(...upgrade)
        }
      },
    })
    this.#engine.generateId = () => parts.random.bytes(ID_BYTES).toString('base64url')
    this.#namespaces = new Namespaces({ ...parts, mostNamespaces: () => parts.config().server.limits.namespaces })
    // Engine.IO answers these itself.
    this.#engine.on('connection_error', ({ req, code }: { req: IncomingMessage; code: number }) => {
      const refusal = new Refusal(400, code === UNKNOWN_SESSION ? 'unknown_session' : 'bad_handshake', 'refused')
      parts.refusals.of(refusal, parts.callerOf(req))
    })
    // Before socket.io's own listener, which connects a client of version 2 at once.
    this.#engine.on('connection', (engine: EngineSocket) => this.#opened(engine))
    this.#io = new Server({
      serveClient: false,
      parser: packetParser(() => this.mostBytes),
      connectTimeout: FIRST_NAMESPACE_MS,
      adapter: roomAdapter((socket) => this.#namespaces.connecting(socket)),
      connectionStateRecovery: { skipMiddlewares: false },
      cleanupEmptyChildNamespaces: true,
    })
    this.#io.bind(this.#engine)
    for (const namespace of [this.#io.of('/'), this.#io.of((_name, _auth, next) => next(null, true))]) {
      namespace.use((socket, next) => {
        const connection = this.#connectionOf(socket)
        if (connection) void this.#namespaces.admit(connection, socket, next)
        // The connection is over. Otherwise socket.io would keep the namespace for ever.
        else forget(socket)
      })
      namespace.on('connection', (socket) => {
        const connection = this.#connectionOf(socket)
        if (connection) this.#namespaces.join(connection, socket)
      })
    }
  }

  /** Whether an upgrade is for the gateway. */
  takes({ url = '' }: IncomingMessage): boolean {
    const path = `${this.#parts.basePath}${PATH}`
    return url.startsWith(path) && ['/', '?'].includes(url[path.length] ?? '?')
  }

  /** Takes an upgrade. Throws a `Refusal`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller, handshake: Handshake): void {
    const { sockets, gate } = this.#parts
    this.mustAdmit(caller, handshake)
    const { path, query } = gate.target(caller)
    if (path !== PATH) throw new Refusal(404, 'no_such_room', `expected Socket.IO at ${PATH}/`)
    socket.on('close', () => sockets.delete(socket))
    setQuery(request, query)
    this.#engine.handleUpgrade(request as EngineRequest, socket, head)
  }

  /** Registers the route of the polling requests. */
  async routes(app: FastifyInstance): Promise<void> {
    await app.register((under) => pollingRoutes(under, this.#parts.gate, this))
  }

  /** Answers a polling request, which was checked. */
  request(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    setQuery(request, query)
    response.on('error', () => {})
    // Its body was too large, and the rest of it is not waited for.
    response.once('finish', () => {
      if (!request.complete) request.socket.destroySoon()
    })
    this.#engine.handleRequest(request as EngineRequest, response)
  }

  /** The most bytes of one request. */
  get mostBytes(): number {
    return this.#engine.opts.maxHttpBufferSize ?? 0
  }

  /** Resolves when a client that polls may be read again. */
  async rested(sid: string): Promise<void> {
    await this.#connections.get(sid)?.rested()
  }

  /** Admits a new connection. Those in no room are bounded as the peers of the server are. Throws a `Refusal`. */
  mustAdmit(caller: Caller, handshake?: Handshake): void {
    this.#parts.gate.connect(caller, handshake)
    const { peers } = this.#parts.config().server.limits
    if (this.#connections.size < peers) return
    const message = `expected at most ${peers} connections on this server, got one more; try again later`
    throw new Refusal(503, 'server_full', message, { 'Retry-After': '30' }).by('server.limits.peers')
  }

  /** For a page of an origin that some room lists; the gate has refused all other foreign ones. */
  corsHeaders(caller: Caller, query: URLSearchParams): Record<string, string> {
    return corsHeaders(this.#parts.config().mounts, caller, query.get('EIO') !== '4')
  }

  /** Applies the settings of a new configuration to later connections. */
  reload(): void {
    const config = this.#parts.config()
    this.#engine.opts.pingInterval = config.heartbeatMs
    this.#limits = limitsOf(config)
    this.#engine.opts.maxHttpBufferSize = this.#limits.maxPayload
  }

  /** Ends every connection. Resolves when all are closed: a client that polls has to ask once more. */
  async close(): Promise<void> {
    const closed = [...this.#connections.values()].map((connection) => {
      // Registered first: a client whose poll is open is closed within `end` itself.
      const over = new Promise<void>((resolve) => connection.engine.once('close', () => resolve()))
      connection.end()
      return over
    })
    await Promise.all(closed)
  }

  #connectionOf({ conn }: Socket): Connection | undefined {
    return this.#connections.get(idOf(conn))
  }

  #opened(engine: EngineSocket): void {
    const { clock, callerOf, heartbeat, config } = this.#parts
    const asking = callerOf(engine.request)
    const isOldPoll = engine.protocol === 3 && engine.transport.name === 'polling'
    const caller = isOldPoll ? withoutCookie(config().mounts, asking) : asking
    const connection = new Connection(engine, clock, caller, config().server.limits.namespaces)
    dropRequest(engine)
    const id = idOf(engine)
    this.#connections.set(id, connection)
    const beat = heartbeat.add(connection, config().heartbeatMs)
    engine.on('close', () => {
      beat.socket = undefined
      this.#connections.delete(id)
      connection.over()
    })
  }
}

/** The largest message that some room takes, with what is around it. */
function limitsOf({ mounts }: Config) {
  let [payloadBytes, pieces, controls] = [0, 0, 0]
  for (const { limits } of mounts) {
    payloadBytes = Math.max(payloadBytes, limits.payloadBytes)
    pieces = Math.max(pieces, limits.pieces)
    controls = Math.max(controls, limits.controls)
  }
  return {
    maxPayload: Math.ceil((payloadBytes * 4) / 3) + HEAD_BYTES,
    maxFragments: pieces,
    maxBufferedChunks: pieces,
    maxPendingAutoPongs: controls + 1,
  }
}
