/**
 * The HTTP side of the same doors: pages, descriptions, and what an operator asks. Fastify owns the server; a path is
 * read by the gate's own rules, so that a page and an upgrade never disagree about it.
 */
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import accepts from 'accepts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Origins } from '../config.ts'
import type { RoomLogger } from '../define.ts'
import { Refusal } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { describeRoom, listRooms } from '../lobby.ts'
import type { Log } from '../log/log.ts'
import type { Pages } from '../pages.ts'
import type { Rooms } from '../rooms.ts'
import type { Router } from '../router.ts'
import { refusalBody } from './refuse.ts'

export interface HttpParts {
  readonly basePath: string
  readonly gate: Gate
  readonly rooms: Rooms
  readonly log: Log
  readonly logger: RoomLogger
  readonly pages: Pages
  readonly router: () => Router
  readonly lobbyOrigins: () => Origins
  readonly isDraining: () => boolean
}

const HTML = 'text/html; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'
const NO_SUCH_ROOM = new Refusal(404, 'no_such_room', 'no room is at this path')

export async function httpRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const { basePath, gate, pages } = parts
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether everything under a host name is https is for its owner to say, at the proxy.
    strictTransportSecurity: false,
  })
  // Every request passes the rules of an upgrade first: a hostile target or Host gets no further.
  app.addHook('onRequest', async (request) => void gate.target(request.raw))
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, parts))
  app.setNotFoundHandler((request, reply) => answerError(NO_SUCH_ROOM, request, reply, parts))
  if (basePath) app.get(basePath, (_, reply) => reply.redirect(`${basePath}/`, 308))
  await app.register(
    async (under) => {
      await under.register(fastifyStatic, { root: pages.folder, wildcard: false, index: false })
      operatorRoutes(under, parts)
      roomRoutes(under, parts)
    },
    { prefix: basePath },
  )
}

function operatorRoutes(app: FastifyInstance, { pages, isDraining }: HttpParts): void {
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_, reply) => {
    if (!isDraining()) return { status: 'ready' }
    return reply.code(503).send({ status: 'draining' })
  })
  app.get('/client.js', (_, reply) =>
    reply.type('text/javascript; charset=utf-8').header('Cache-Control', 'no-cache').send(pages.client),
  )
}

function roomRoutes(app: FastifyInstance, parts: HttpParts): void {
  const { gate, rooms, log, pages, router, lobbyOrigins } = parts
  app.get('/', async (request, reply) => {
    gate.origin(request.raw, lobbyOrigins())
    if (prefersHtml(request, reply)) return reply.type(HTML).send(pages.lobby)
    return reply.type(JSON_TYPE).send(JSON.stringify({ rooms: listRooms(router().mounts, rooms) }))
  })
  app.get('/*', async (request, reply) => {
    const route = gate.route(gate.target(request.raw))
    gate.origin(request.raw, route.mount.origins)
    if (prefersHtml(request, reply)) return reply.type(HTML).send(pages.room)
    return reply.type(JSON_TYPE).send(JSON.stringify(describeRoom(route, rooms, log)))
  })
  app.route({
    method: ['POST', 'PUT', 'DELETE', 'PATCH'],
    url: '/*',
    handler: async (request, reply) => {
      gate.route(gate.target(request.raw))
      reply.header('Allow', 'GET, HEAD')
      throw new Refusal(405, 'bad_method', `expected GET, got ${request.method}`)
    },
  })
}

/** A browser gets a page; whoever does not ask for HTML gets JSON. */
function prefersHtml(request: FastifyRequest, reply: FastifyReply): boolean {
  reply.header('Vary', 'Accept, Origin').header('Cache-Control', 'no-store')
  return accepts(request.raw).type(['json', 'html']) === 'html'
}

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { logger, pages }: HttpParts,
): FastifyReply {
  const refusal = error instanceof Refusal ? error : refusalOf(error as FastifyError)
  if (refusal.status >= 500 && refusal !== error) logger.error({ err: error }, 'a request failed')
  if (refusal.status === 404 && request.method === 'GET' && prefersHtml(request, reply)) {
    return reply.code(404).type(HTML).send(pages.missing)
  }
  return reply.code(refusal.status).headers(refusal.headers).type(JSON_TYPE).send(refusalBody(refusal))
}

function refusalOf({ statusCode = 500, message }: FastifyError): Refusal {
  if (statusCode >= 500) return new Refusal(500, 'internal', 'the server failed to answer')
  return new Refusal(statusCode, 'bad_request', message)
}
