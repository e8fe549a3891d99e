/**
 * The plain HTTP routes of rooms: page, description, and the Durable Streams protocol in JSON mode for reads and posts
 * (github.com/durable-streams/durable-streams, PROTOCOL.md). The operator creates the streams, so clients cannot create,
 * close or delete one. `http.ts` registers these routes.
 */
import accepts from 'accepts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Origins } from '../../config/listed-origin.ts'
import type { Route } from '../../config/mount.ts'
import { Refusal } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import { rawRoom } from '../../gate/must-keep-events.ts'
import type { Pass } from '../../gate/pass.ts'
import type { Router } from '../../gate/router.ts'
import type { Languages } from '../../localized.ts'
import type { Log } from '../../log/log.ts'
import type { Elsewhere } from '../../operations/elsewhere.ts'
import { liveEverywhere } from '../../operations/live-rooms.ts'
import { describeRoom, listRooms } from '../../operations/lobby.ts'
import type { Rooms } from '../../room/rooms.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import type { InFlightRequests } from './in-flight-requests.ts'
import { type OwnFiles, sendOwnPage } from './own-files.ts'
import type { WebPages } from './pages.ts'
import { sendAsset } from './static.ts'

export interface RoomRouteParts {
  readonly gate: Gate
  readonly rooms: Rooms
  /** The rooms of other nodes; `undefined`: this server runs alone. */
  readonly elsewhere?: Elsewhere | undefined
  readonly log: Log
  readonly streams: RoomStreams
  readonly inFlight: InFlightRequests
  readonly pages: WebPages
  readonly ownFiles: OwnFiles
  readonly router: () => Router
  readonly lobbyOrigins: () => Origins
  /**
   * Answers a request to a room that lives on another node: resolves with `true` when it is answered, with `false` if it is
   * to be answered here. Rejects with a `Refusal`. `undefined`: this server runs alone.
   */
  readonly handOn?: ((call: RoomRequest) => Promise<boolean>) | undefined
}

/** Reads of rooms and posts to them. */
export interface RoomStreams {
  /** The read that a request asks for; `undefined`: it is no read. Throws a `Refusal` 400. */
  readOf(query: URLSearchParams, request: FastifyRequest): StreamRead | undefined
  /** Answers a `HEAD` that is no read. */
  head(call: RoomRequest): Promise<FastifyReply>
  append(call: RoomRequest, pass: Pass | undefined): Promise<FastifyReply>
}

export interface StreamRead {
  /** Whether a drain waits for the answer. */
  readonly isAwaited: boolean
  /** Whether it joins a peer, whose connection is this node's own. */
  readonly isPeer: boolean
  answer(call: RoomRequest, pass: Pass | undefined): Promise<FastifyReply>
}

const NO_SUCH_ROOM = 'no_such_room'
export const HTML = 'text/html; charset=utf-8'
const LOBBY_METHODS = 'GET, HEAD, OPTIONS'
export const JSON_UTF8 = 'application/json; charset=utf-8'

/** One request to a room. */
export interface RoomRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: Route
  readonly query: URLSearchParams
}

export async function roomRoutes(app: FastifyInstance, parts: RoomRouteParts): Promise<void> {
  const { gate, rooms, elsewhere, pages, router, lobbyOrigins, streams } = parts
  // Only `append.ts` reads a body, after its checks; other requests are answered without reading it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.get('/', { prefixTrailingSlash: 'slash' }, async (request, reply) => {
    // Reads go to a room at `/`; anything else gets the lobby.
    if (router().find('/') && streams.readOf(gate.target(request.caller).query, request))
      return get(parts, request, reply)
    allow(gate, request, reply, lobbyOrigins(), false)
    if (prefersHtml(request, reply)) return sendAsset(request, reply, pages.lobby)
    gate.chargeRead(request.caller)
    const live = await liveEverywhere(rooms, elsewhere)
    return reply.type(JSON_UTF8).send(JSON.stringify({ rooms: listRooms(router().mounts, live, languagesOf(request)) }))
  })
  app.options('/', { prefixTrailingSlash: 'slash' }, async (request, reply) => {
    if (router().find('/')) return options(gate, request, reply)
    return reply.header('Allow', LOBBY_METHODS).code(204).send()
  })
  app.get('/*', async (request, reply) => {
    const { path } = gate.target(request.caller)
    if (parts.ownFiles.has(path)) return parts.ownFiles.send(reply, path)
    try {
      return await get(parts, request, reply)
    } catch (error) {
      const isUnknown = error instanceof Refusal && error.code === NO_SUCH_ROOM
      if (isUnknown && (await parts.ownFiles.hasNew(path))) return parts.ownFiles.send(reply, path)
      throw error
    }
  })
  app.post('/*', async (request, reply) => {
    const call = enter(gate, request, reply)
    if (call.route.mount.kind === 'event' && (await isHandedOn(parts, call, true))) return reply
    const pass = await gate.pass(request.caller, call.route, call.query)
    mustBeEvents(call.route, reply)
    return parts.inFlight.track(streams.append(call, pass))
  })
  app.options('/*', async (request, reply) => options(gate, request, reply))
  app.route({
    method: ['PUT', 'DELETE', 'PATCH'],
    url: '/*',
    handler: async (request, reply) => {
      const { route, query } = enter(gate, request, reply)
      await gate.pass(request.caller, route, query)
      reply.header('Allow', methodsOf(route))
      throw new Refusal(405, 'bad_method', `expected one of ${methodsOf(route)}, got ${request.method}`)
    },
  })
}

/** Whether the client prefers HTML to JSON, as browsers do. */
export function prefersHtml(request: FastifyRequest, reply: FastifyReply): boolean {
  reply.header('Vary', 'Accept, Accept-Language, Origin').header('Cache-Control', 'no-store')
  return accepts(request.raw).type(['json', 'html']) === 'html'
}

/** The languages that a reader prefers (RFC 9110, 12.5.4). */
export function languagesOf({ raw }: FastifyRequest): Languages {
  return (available) => accepts(raw).language(available) || undefined
}

function options(gate: Gate, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { route } = enter(gate, request, reply)
  const methods = methodsOf(route)
  return reply.header('Allow', methods).headers(preflightHeaders(methods)).code(204).send()
}

async function get(parts: RoomRouteParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { rooms, log, pages, streams } = parts
  const call = enter(parts.gate, request, reply)
  const { route } = call
  if (call.query.get('check') === 'join') return checkJoin(parts, call)
  const read = streams.readOf(call.query, request)
  if (read) {
    const mayBeElsewhere = route.mount.kind === 'event' && !read.isPeer
    if (mayBeElsewhere && (await isHandedOn(parts, call, read.isAwaited))) return reply
    const pass = await parts.gate.pass(request.caller, route, call.query)
    mustBeEvents(route, reply)
    const answer = read.answer(call, pass)
    return read.isAwaited ? parts.inFlight.track(answer) : answer
  }
  const isPage = prefersHtml(request, reply)
  // The page has no room data, so it needs no token.
  const { page } = route.mount
  if (isPage && page !== undefined && !call.query.has('console')) return sendOwnPage(reply, page)
  if (isPage) return sendAsset(request, reply, pages.room)
  if (await isHandedOn(parts, call, false)) return reply
  await parts.gate.pass(request.caller, route, call.query)
  if (request.method === 'HEAD' && route.mount.kind === 'event') return streams.head(call)
  parts.gate.chargeRead(request.caller)
  return reply.type(JSON_UTF8).send(JSON.stringify(await describeRoom(route, rooms, log, languagesOf(request))))
}

/** Whether another node has answered. `isAwaited`: a drain waits for it. */
async function isHandedOn(
  { handOn, inFlight }: RoomRouteParts,
  call: RoomRequest,
  isAwaited: boolean,
): Promise<boolean> {
  if (!handOn) return false
  return isAwaited ? inFlight.track(handOn(call)) : handOn(call)
}

/** A browser hides the status of a refused upgrade from its page, so the page asks here why: 204 if it would be admitted. */
async function checkJoin(
  { gate }: RoomRouteParts,
  { request, reply, route, query }: RoomRequest,
): Promise<FastifyReply> {
  await gate.check(request.caller, route, query)
  return reply.header('Cache-Control', 'no-store').code(204).send()
}

/** Finds the room of a request, and checks its origin. Throws a `Refusal`. */
function enter(gate: Gate, request: FastifyRequest, reply: FastifyReply): RoomRequest {
  const target = gate.target(request.caller)
  const route = gate.route(target)
  const { origins, auth } = route.mount
  allow(gate, request, reply, origins, auth?.cookie !== undefined)
  return { request, reply, route, query: target.query }
}

/** Checks the origin of a request, and sets the headers for it. */
export function allow(
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
  origins: Origins,
  hasCookie: boolean,
): void {
  gate.origin(request.caller, origins)
  reply.headers(corsHeaders(origins, request.headers.origin, hasCookie))
}

function methodsOf({ mount }: Route): string {
  return mount.kind === 'event' ? 'GET, HEAD, POST, OPTIONS' : 'GET, HEAD, OPTIONS'
}

function mustBeEvents(route: Route, reply: FastifyReply): void {
  if (route.mount.kind === 'event') return
  reply.header('Allow', methodsOf(route))
  throw rawRoom()
}
