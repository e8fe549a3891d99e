/**
 * The plain HTTP routes of rooms: page, description, and the Durable Streams protocol in JSON mode for reads and posts
 * (github.com/durable-streams/durable-streams, PROTOCOL.md). The operator creates the streams, so clients cannot create,
 * close or delete one. `http.ts` registers these routes.
 */
import accepts from 'accepts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Origins } from '../../config/listed-origin.ts'
import type { Route } from '../../config/mount.ts'
import type { FlushQueue } from '../../delivery/flush-queue.ts'
import { Refusal } from '../../errors.ts'
import { type Gate, rawRoom } from '../../gate/gate.ts'
import type { Router } from '../../gate/router.ts'
import type { Log } from '../../log/log.ts'
import { describeRoom, listRooms } from '../../operations/lobby.ts'
import type { Random } from '../../random.ts'
import type { Rooms } from '../../room/rooms.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Refusals } from '../refusals.ts'
import { append } from '../streams/append.ts'
import { LiveStreams } from '../streams/live.ts'
import { longPoll, readHead, readPage } from '../streams/read.ts'
import { type ReadRequest, readRequestOf } from '../streams/read-request.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import type { InFlightRequests } from './in-flight-requests.ts'
import type { WebPages } from './pages.ts'
import { sendAsset } from './static.ts'

export interface RoomRouteParts {
  readonly gate: Gate
  readonly rooms: Rooms
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly flushQueue: FlushQueue
  readonly heartbeat: Heartbeat
  readonly refusals: Refusals
  readonly inFlight: InFlightRequests
  readonly pages: WebPages
  readonly router: () => Router
  readonly lobbyOrigins: () => Origins
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
}

export const HTML = 'text/html; charset=utf-8'
const LOBBY_METHODS = 'GET, HEAD, OPTIONS'
export const JSON_UTF8 = 'application/json; charset=utf-8'

/** One request to a room. */
interface RoomRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: Route
  readonly query: URLSearchParams
}

export async function roomRoutes(app: FastifyInstance, parts: RoomRouteParts): Promise<void> {
  const { gate, rooms, pages, router, lobbyOrigins } = parts
  const live = new LiveStreams(parts)
  // Only `append.ts` reads a body, after its checks; other requests are answered without reading it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.get('/', { prefixTrailingSlash: 'slash' }, async (request, reply) => {
    // Reads go to a room at `/`; anything else gets the lobby.
    if (router().find('/') && readRequestOf(gate.target(request.caller).query, request))
      return get(parts, live, request, reply)
    allow(gate, request, reply, lobbyOrigins(), false)
    if (prefersHtml(request, reply)) return sendAsset(request, reply, pages.lobby)
    gate.chargeRead(request.caller)
    return reply.type(JSON_UTF8).send(JSON.stringify({ rooms: listRooms(router().mounts, rooms) }))
  })
  app.options('/', { prefixTrailingSlash: 'slash' }, async (request, reply) => {
    if (router().find('/')) return options(gate, request, reply)
    return reply.header('Allow', LOBBY_METHODS).code(204).send()
  })
  app.get('/*', async (request, reply) => get(parts, live, request, reply))
  app.post('/*', async (request, reply) => {
    const { route, query } = enter(gate, request, reply)
    const pass = await gate.pass(request.caller, route, query)
    mustBeEvents(route, reply)
    const peerOf = live.peerOf.bind(live)
    return parts.inFlight.track(append({ ...parts, peerOf }, request, reply, route, query, pass))
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
  reply.header('Vary', 'Accept, Origin').header('Cache-Control', 'no-store')
  return accepts(request.raw).type(['json', 'html']) === 'html'
}

function options(gate: Gate, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { route } = enter(gate, request, reply)
  const methods = methodsOf(route)
  return reply.header('Allow', methods).headers(preflightHeaders(methods)).code(204).send()
}

async function get(
  parts: RoomRouteParts,
  live: LiveStreams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { rooms, log, pages } = parts
  const call = enter(parts.gate, request, reply)
  const { route } = call
  if (call.query.get('check') === 'join') return checkJoin(parts, call)
  const wanted = readRequestOf(call.query, request)
  if (wanted) return read(parts, live, call, wanted)
  const isPage = prefersHtml(request, reply)
  // The page has no room data, so it needs no token.
  if (isPage) return sendAsset(request, reply, pages.room)
  await parts.gate.pass(request.caller, route, call.query)
  if (request.method === 'HEAD' && route.mount.kind === 'event') return readHead(parts, request, reply, route)
  parts.gate.chargeRead(request.caller)
  return reply.type(JSON_UTF8).send(JSON.stringify(await describeRoom(route, rooms, log)))
}

/** A browser hides the status of a refused upgrade from its page, so the page asks here why: 204 if it would be admitted. */
async function checkJoin(
  { gate }: RoomRouteParts,
  { request, reply, route, query }: RoomRequest,
): Promise<FastifyReply> {
  await gate.check(request.caller, route, query)
  return reply.header('Cache-Control', 'no-store').code(204).send()
}

async function read(
  parts: RoomRouteParts,
  live: LiveStreams,
  call: RoomRequest,
  wanted: ReadRequest,
): Promise<FastifyReply> {
  const { request, reply, route, query } = call
  const pass = await parts.gate.pass(request.caller, route, query)
  mustBeEvents(route, reply)
  if (request.method === 'HEAD') return readHead(parts, request, reply, route, wanted.live)
  if (wanted.live === 'sse') return live.open(request, reply, route, query, wanted, pass)
  if (wanted.live === 'long-poll') return parts.inFlight.track(longPoll(parts, request, reply, route, wanted, pass))
  return readPage(parts, request, reply, route, wanted)
}

/** Finds the room of a request, and checks its origin. Throws a `Refusal`. */
function enter(gate: Gate, request: FastifyRequest, reply: FastifyReply): RoomRequest {
  const target = gate.target(request.caller)
  const route = gate.route(target)
  const { origins, auth } = route.mount
  allow(gate, request, reply, origins, auth?.cookie !== undefined)
  return { request, reply, route, query: target.query }
}

function allow(gate: Gate, request: FastifyRequest, reply: FastifyReply, origins: Origins, hasCookie: boolean): void {
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
