/**
 * The server of a node's links, on a port of its own: it answers handshakes of other nodes, and gives the requests that they
 * hand on to the HTTP server. Anybody else is told nothing. `link-network.ts` starts it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../mistakes.ts'
import type { Random } from '../random.ts'
import { errorOf } from '../thrown.ts'
import { MAX_MESSAGE_BYTES, WebSocketChannel } from './link-channel.ts'
import { greetingOf, HEADER, helloOf, LINK_PATH, NONCE_BYTES, PROOF_MS, proofsOf } from './link-handshake.ts'
import { type Greeting, LINK_PROTOCOL, type LinkKeys, proofOf, provenKey } from './link-keys.ts'
import type { NodeId } from './link-message.ts'

export interface LinkServerParts {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
  readonly keys: LinkKeys
  /** A node has proved who it is. `token`: of the requests that it hands on along this link. */
  readonly accepted: (channel: WebSocketChannel, token: string) => void
  /** A request that is no handshake. */
  readonly handedOn: (request: IncomingMessage, response: ServerResponse) => void
}

/** A handed on request has its own headers and those of its caller. */
const MAX_HEADER_BYTES = 64 * 1024
/** Longer than another node keeps an idle connection. */
const KEEP_ALIVE_MS = 60_000

export class LinkServer {
  readonly #parts: LinkServerParts
  readonly #server: Server
  readonly #sockets: WebSocketServer
  /** What was said on a connection. */
  readonly #greeted = new WeakMap<Duplex, Greeting>()
  readonly #proofs = new WeakMap<IncomingMessage, string>()
  /** Connections on which nothing was proved yet. */
  readonly #strangers = new Set<Socket>()

  constructor(parts: LinkServerParts) {
    this.#parts = parts
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    })
    this.#sockets.on('headers', (headers, request) => headers.push(`${HEADER.proof}: ${this.#proofs.get(request)}`))
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: PROOF_MS,
      // A body that is handed on is bounded where it comes in.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
    }
    this.#server = createServer(options, (request, response) => this.#answer(request, response))
    this.#server.on('checkContinue', (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#server.on('clientError', (_, socket) => socket.destroy())
    this.#server.on('connection', (socket) => this.#mustProve(socket))
  }

  /** Resolves with the port. Rejects with a `ConfigError` if it cannot listen there. */
  async listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(port, host, resolve)
    try {
      await promise
    } catch (error) {
      throw new ConfigError([
        `LINK_HOST, LINK_PORT: expected an address of this machine and a free port for the links of other nodes, got ${host} and ${port}: ${errorOf(error).message}`,
      ])
    }
    this.#server.off('error', reject)
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('expected the links to listen on a port')
    return address.port
  }

  /** A handed on request has proved itself: its connection may stay. */
  trust(socket: Socket): void {
    this.#strangers.delete(socket)
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    for (const socket of this.#strangers) socket.destroy()
    await promise
  }

  #mustProve(socket: Socket): void {
    this.#strangers.add(socket)
    const cancel = this.#parts.clock.after(PROOF_MS, () => {
      if (this.#strangers.has(socket)) socket.destroy()
    })
    socket.once('close', () => {
      cancel()
      this.#strangers.delete(socket)
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const hello = request.url === LINK_PATH ? helloOf(request.headers) : undefined
    if (!hello) {
      this.#parts.handedOn(request, response)
      return
    }
    const { self, random } = this.#parts
    if (hello.protocol !== LINK_PROTOCOL) {
      end(response, 505, { [HEADER.protocol]: String(LINK_PROTOCOL) })
      return
    }
    // The node that was here before has ended.
    if (hello.to !== self || hello.from === self) {
      end(response, 421)
      return
    }
    const nonce = random.bytes(NONCE_BYTES).toString('base64url')
    this.#greeted.set(request.socket, greetingOf(hello, nonce))
    response.writeHead(401, { [HEADER.nonce]: nonce, 'content-length': 0 }).end()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const greeting = this.#greeted.get(socket)
    this.#greeted.delete(socket)
    const key = greeting && this.#proven(greeting, proofsOf(request.headers))
    if (!greeting || !key) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
      return
    }
    this.trust(request.socket)
    this.#proofs.set(request, proofOf(key, 'accepts', greeting))
    const { clock, accepted } = this.#parts
    this.#sockets.handleUpgrade(request, socket, head, (ws) =>
      accepted(new WebSocketChannel(ws, greeting.from, clock), proofOf(key, 'hands on', greeting)),
    )
  }

  #proven(greeting: Greeting, proofs: readonly string[]): Buffer | undefined {
    try {
      return provenKey(this.#parts.keys.all(), 'dials', greeting, proofs)
    } catch {
      // Redis has not told its secret yet.
      return undefined
    }
  }
}

/** Nothing more is read. */
export function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const { socket } = response
  response.writeHead(status, { ...headers, connection: 'close', 'content-length': 0 }).end(() => socket?.destroy())
}
