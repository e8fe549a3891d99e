/**
 * The HTTP side of the same doors: pages, descriptions, and what an operator asks. Fastify owns the server; a path is
 * read by the gate's own rules, so that a page and an upgrade never disagree about it.
 */
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RoomLogger } from '../define.ts'
import { Refusal } from '../errors.ts'
import { refusalBody } from './refuse.ts'
import { HTML, JSON_TYPE, prefersHtml, roomRoutes, type StreamParts } from './streams.ts'

export interface HttpParts extends StreamParts {
  readonly basePath: string
  readonly logger: RoomLogger
  readonly isDraining: () => boolean
}

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
  app.addHook('onRequest', async (request, reply) => {
    // A handshake by another method than GET: it gets its ordinary answer, and no second request on the connection.
    if (request.headers.upgrade?.toLowerCase() === 'websocket') reply.header('Connection', 'close')
    gate.target(request.raw)
  })
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, parts))
  app.setNotFoundHandler((request, reply) => answerError(NO_SUCH_ROOM, request, reply, parts))
  if (basePath) app.get(basePath, (_, reply) => reply.redirect(`${basePath}/`, 308))
  await app.register(
    async (under) => {
      await under.register(fastifyStatic, { root: pages.folder, wildcard: false, index: false })
      operatorRoutes(under, parts)
      await under.register((routes) => roomRoutes(routes, parts))
    },
    { prefix: basePath },
  )
}

function operatorRoutes(app: FastifyInstance, { pages, log, isDraining }: HttpParts): void {
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_, reply) => {
    const trouble = isDraining() ? 'draining' : log.trouble
    return trouble === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason: trouble })
  })
  app.get('/client.js', (_, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      // A page of any origin may load the client; which rooms let it in, their own origins say.
      .headers({
        'Cache-Control': 'no-cache',
        'Access-Control-Allow-Origin': '*',
        'Cross-Origin-Resource-Policy': 'cross-origin',
      })
      .send(pages.client),
  )
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
