/**
 * The door: one flat list of checks between a request and a room, each of which lets through or refuses with an HTTP
 * status. It runs before the upgrade, and everything that may take time (a room that opens) is done here, so that
 * nothing waits between the handshake and listening. `server.ts` hands requests in, a transport takes the admission.
 */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Clock } from './clock.ts'
import type { Mount, Origins } from './config.ts'
import { Refusal, RoomError } from './errors.ts'
import type { LiveEventRoom } from './event-room.ts'
import type { AddressOf } from './guards/address.ts'
import { type Auth, BEARER } from './guards/auth.ts'
import type { Limits } from './guards/limits.ts'
import { mayEnter } from './guards/origin.ts'
import type { Pass } from './guards/pass.ts'
import type { Visitor } from './peer.ts'
import type { Place, Rooms } from './rooms.ts'
import type { Route, Router } from './router.ts'
import { parseTarget, type Target } from './target.ts'
import { chooseProtocol, visitOf } from './visit.ts'

/** Everything a transport needs to join a peer. */
export interface Admission extends Place {
  readonly route: Route
  readonly visitor: Visitor
  readonly offset: string | undefined
  /** Counts the peer out of the limits, when it is gone. */
  leave(): void
}

/** Who asks over plain HTTP: reads and goes, stays to listen (also as a peer), or says something. */
export type Errand = 'read' | 'listen' | 'speak'

/** A room for one request. */
export interface Audition extends Place {
  readonly room: LiveEventRoom
  /** Counts the request out of the limits. */
  leave(): void
}

export interface GateParts {
  readonly basePath: string
  readonly clock: Clock
  readonly rooms: Rooms
  readonly limits: Limits
  readonly addressOf: AddressOf
  /** Whether `X-Forwarded-*` of this request may be believed. */
  readonly isTrusted: (request: IncomingMessage) => boolean
  /** Whether the server answers this path itself: a pattern such as `/:name` does not reach it. */
  readonly isOwn: (path: string) => boolean
  /** Who checks the tokens of a mount; `undefined`: it asks for none. */
  readonly authOf: (mount: Mount) => Auth | undefined
  /** The router of now; a reload puts a new one. */
  readonly router: () => Router
  readonly isDraining: () => boolean
}

/** How long a module may think about whom it admits. */
const ADMIT_MS = 10_000

export class Gate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /** Lets an upgrade to a WebSocket in. Throws a `Refusal`. */
  async admit(request: IncomingMessage): Promise<Admission> {
    const { limits, rooms, addressOf, isDraining } = this.#parts
    if (isDraining()) throw draining()
    mustBeHandshake(request)
    const target = this.target(request)
    const route = this.route(target)
    this.origin(request, route.mount.origins)
    mustOfferKnown(request, route.mount.protocols)
    const address = addressOf(request)
    limits.handshake(address)
    const pass = this.#isOpen(route) ? undefined : await this.pass(request, route, target.query)
    const { visitor, offset } = visitOf(target.query, pass)
    const leave = limits.enter(route.mount, address)
    try {
      const { room, release } = await rooms.place(route)
      return { room, release, visitor, offset, route, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Who brings which token, where the room asks for one, and whether the module admits it. Throws a `Refusal` 401 or 403. */
  async pass(
    request: IncomingMessage,
    { mount, path, params }: Route,
    query: URLSearchParams,
  ): Promise<Pass | undefined> {
    const pass = await this.#parts
      .authOf(mount)
      ?.check(request)
      .catch((error: Refusal) => this.#failed(request, error))
    const { admit } = mount.definition
    if (!admit) return pass
    let cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      const refusal = new Refusal(503, 'unavailable', 'the room did not decide in time', { 'Retry-After': '5' })
      cancel = this.#parts.clock.after(ADMIT_MS, () => reject(refusal))
    })
    try {
      await Promise.race([admit(pass?.claims, { path, params, query }), late])
      return pass
    } catch (error) {
      if (error instanceof RoomError) throw new Refusal(403, error.code, error.message, {}, {}, 'admit')
      throw error
    } finally {
      cancel()
    }
  }

  /** Neither token nor module stands at the door. */
  #isOpen({ mount }: Route): boolean {
    return mount.definition.admit === undefined && this.#parts.authOf(mount) === undefined
  }

  /** Trying tokens is no faster than shaking hands. */
  #failed(request: IncomingMessage, refusal: Refusal): never {
    if (refusal.code === 'bad_token') this.charge(request, 1)
    throw refusal
  }

  /** Lets a request of plain HTTP to an event room; path and origin were checked. Throws a `Refusal`. */
  async visit(request: IncomingMessage, route: Route, errand: Errand): Promise<Audition> {
    const { limits, rooms, addressOf, isDraining } = this.#parts
    const open = rooms.get(route.path) as unknown as LiveEventRoom | undefined
    // To read what is open costs nothing that counts.
    if (errand === 'read' && open) return { room: open, release() {}, leave() {} }
    if (isDraining()) throw draining()
    const address = addressOf(request)
    limits.handshake(address)
    const leave = errand === 'listen' ? limits.enter(route.mount, address) : () => {}
    try {
      const { room, release } = await rooms.place(route)
      return { room: room as unknown as LiveEventRoom, release, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Counts what a request costs beside itself. Throws a `Refusal` 429. */
  charge(request: IncomingMessage, cost: number): void {
    if (cost > 0) this.#parts.limits.handshake(this.#parts.addressOf(request), cost)
  }

  /** The path and query of a request. Throws a `Refusal` 400 or 404. */
  target(request: IncomingMessage): Target {
    if (!isHost(request.headers.host) || countOf('host', request.rawHeaders) > 1)
      throw new Refusal(400, 'bad_host', 'expected one Host header with a host and port')
    return parseTarget(request.url, this.#parts.basePath)
  }

  /** The mount of a path. Throws a `Refusal` 404. */
  route({ path }: Target): Route {
    const { router, isOwn } = this.#parts
    const route = isOwn(path) ? undefined : router().find(path)
    if (!route) throw new Refusal(404, 'no_such_room', 'no room is at this path')
    return route
  }

  /** The line of rooms.json that a request is for; `undefined` where there is none, or no telling. */
  patternOf(request: IncomingMessage): string | undefined {
    try {
      return this.route(this.target(request)).mount.pattern
    } catch {
      return undefined
    }
  }

  /** Throws a `Refusal` 403 for a page of another origin. */
  origin(request: IncomingMessage, origins: Origins): void {
    const { headers, socket } = request
    const { origin } = headers
    const isTrusted = this.#parts.isTrusted(request)
    const forwarded = isTrusted ? first(headers['x-forwarded-host']) : undefined
    // Of a proxy, only "https" says something: one before it may have ended TLS.
    const hasEndedTls = isTrusted && first(headers['x-forwarded-proto']) === 'https'
    const isSecure = (socket as Partial<TLSSocket>).encrypted === true || hasEndedTls ? true : undefined
    if (mayEnter(origins, origin, forwarded ?? headers.host, isSecure)) return
    throw new Refusal(403, 'foreign_origin', 'this room does not take connections from pages of this origin')
  }
}

function draining(): Refusal {
  return new Refusal(503, 'draining', 'this server is restarting', { 'Retry-After': '1' })
}

/** RFC 6455, 4.2.1, and RFC 9110, 7.8; a body would reach the room as its first frames. */
function mustBeHandshake(request: IncomingMessage): void {
  const { headers, method } = request
  if (method !== 'GET') throw new Refusal(400, 'bad_handshake', `expected GET, got ${method}`)
  if (request.httpVersion !== '1.1')
    throw new Refusal(400, 'bad_handshake', `expected HTTP/1.1, got ${request.httpVersion}`)
  const length = headers['content-length']
  if (headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')) {
    throw new Refusal(400, 'bad_handshake', 'expected no body with an upgrade')
  }
  if (headers['sec-websocket-version'] !== '13') {
    throw new Refusal(426, 'bad_version', 'expected Sec-WebSocket-Version: 13', { 'Sec-WebSocket-Version': '13' })
  }
  // 16 bytes in base64: the last digit before "==" carries two bits of padding that must be 0.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers['sec-websocket-key'] ?? '')) {
    throw new Refusal(400, 'bad_handshake', 'expected a Sec-WebSocket-Key of 16 bytes in base64')
  }
}

/** One host, with or without a port (RFC 9110, 7.2). */
function isHost(host: string | undefined): boolean {
  return host !== undefined && /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)
}

/** How often a header came: Node keeps the first Host and drops the others, where a proxy may have read the last. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length
}

function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim()
}

function mustOfferKnown(request: IncomingMessage, known: readonly string[]): void {
  const header = request.headers['sec-websocket-protocol']
  if (header === undefined || known.length === 0) return
  const offered = header.split(',').map((protocol) => protocol.trim())
  if (offered.every((protocol) => protocol.startsWith(BEARER)) || chooseProtocol(offered, known)) return
  throw new Refusal(400, 'unknown_protocol', `expected one of the subprotocols ${known.join(', ')}`)
}
