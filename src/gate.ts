/**
 * The door: one flat list of checks between a request and a room, each of which lets through or refuses with an HTTP
 * status. It runs before the upgrade, and everything that may take time (a room that opens) is done here, so that
 * nothing waits between the handshake and listening. `server.ts` hands requests in, a transport takes the admission.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Origins } from './config.ts'
import { Refusal } from './errors.ts'
import type { AddressOf } from './guards/address.ts'
import type { Limits } from './guards/limits.ts'
import { mayEnter } from './guards/origin.ts'
import { parseOffset } from './log/log.ts'
import type { Visitor } from './peer.ts'
import type { Place, Rooms } from './rooms.ts'
import type { Route, Router } from './router.ts'
import { parseTarget, type Target } from './target.ts'

/** Everything a transport needs to join a peer. */
export interface Admission extends Place {
  readonly route: Route
  readonly visitor: Visitor
  readonly offset: string | undefined
  /** Counts the peer out of the limits, when it is gone. */
  leave(): void
}

export interface GateParts {
  readonly basePath: string
  readonly rooms: Rooms
  readonly limits: Limits
  readonly addressOf: AddressOf
  /** Whether `X-Forwarded-*` of this request may be believed. */
  readonly isTrusted: (request: IncomingMessage) => boolean
  /** The router of now; a reload puts a new one. */
  readonly router: () => Router
  readonly isDraining: () => boolean
}

const MAX_NAME_LENGTH = 40

export class Gate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /** Lets an upgrade to a WebSocket in. Throws a `Refusal`. */
  async admit(request: IncomingMessage): Promise<Admission> {
    const { limits, rooms, addressOf, isDraining } = this.#parts
    if (isDraining()) throw new Refusal(503, 'draining', 'this server is restarting', { 'Retry-After': '1' })
    mustBeHandshake(request)
    const target = this.target(request)
    const route = this.route(target)
    this.origin(request, route.mount.origins)
    mustOfferKnown(request, route.mount.protocols)
    const visit = visitOf(target.query)
    const address = addressOf(request)
    limits.handshake(address)
    const leave = limits.enter(route.mount, address)
    try {
      const place = await rooms.place(route)
      return { ...place, ...visit, route, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** The path and query of a request. Throws a `Refusal` 400 or 404. */
  target(request: IncomingMessage): Target {
    if (!isHost(request.headers.host))
      throw new Refusal(400, 'bad_host', 'expected one Host header with a host and port')
    return parseTarget(request.url, this.#parts.basePath)
  }

  /** The mount of a path. Throws a `Refusal` 404. */
  route({ path }: Target): Route {
    const route = this.#parts.router().find(path)
    if (!route) throw new Refusal(404, 'no_such_room', 'no room is at this path')
    return route
  }

  /** Throws a `Refusal` 403 for a page of another origin. */
  origin(request: IncomingMessage, origins: Origins): void {
    const { origin } = request.headers
    const isTrusted = this.#parts.isTrusted(request)
    const forwarded = isTrusted ? first(request.headers['x-forwarded-host']) : undefined
    const isSecure = (request.socket as Partial<TLSSocket>).encrypted === true ? true : undefined
    if (mayEnter(origins, origin, forwarded ?? request.headers.host, isSecure)) return
    throw new Refusal(403, 'foreign_origin', 'this room does not take connections from pages of this origin')
  }
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

function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim()
}

/** The subprotocol to speak: the first offered that the room knows (RFC 6455, 4.2.2). */
export function chooseProtocol(offered: Iterable<string>, known: readonly string[]): string | undefined {
  for (const protocol of offered) if (known.includes(protocol)) return protocol
  return undefined
}

function mustOfferKnown(request: IncomingMessage, known: readonly string[]): void {
  const header = request.headers['sec-websocket-protocol']
  if (header === undefined || known.length === 0) return
  const offered = header.split(',').map((protocol) => protocol.trim())
  if (chooseProtocol(offered, known)) return
  throw new Refusal(400, 'unknown_protocol', `expected one of the subprotocols ${known.join(', ')}`)
}

/** Who comes: what the query says of the peer. Throws a `Refusal` 400. */
export function visitOf(query: URLSearchParams): { visitor: Visitor; offset: string | undefined } {
  for (const key of ['name', 'client', 'offset']) {
    if (query.getAll(key).length > 1) throw new Refusal(400, `bad_${key}`, `expected "${key}" once`)
  }
  const id = randomUUID()
  const name = query.get('name')?.trim() ?? `guest-${id.slice(0, 4)}`
  if (!isText(name, MAX_NAME_LENGTH))
    throw new Refusal(400, 'bad_name', `expected a name of 1 to ${MAX_NAME_LENGTH} characters`)
  const client = query.get('client') ?? undefined
  if (client !== undefined && !/^[\x21-\x7e]{1,128}$/.test(client)) {
    throw new Refusal(400, 'bad_client', 'expected a client id of 1 to 128 visible ASCII characters')
  }
  const offset = query.get('offset') ?? undefined
  if (offset !== undefined && !parseOffset(offset)) {
    throw new Refusal(400, 'bad_offset', 'expected an offset "<epoch>_<seq, 16 digits>" as a room gave it')
  }
  return { visitor: { id, name, client }, offset }
}

/** Text that can be shown on one line: no control characters, no half characters, not only blanks. */
function isText(text: string, maxLength: number): boolean {
  return text.length >= 1 && [...text].length <= maxLength && text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text)
}
