/**
 * The HTTP side of the same doors: pages and descriptions, what an operator asks, and what a refusal says. Fastify owns the server; a path is
 * read by the gate's own rules, so that a page and an upgrade never disagree about it.
 */
import helmet from '@fastify/helmet'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../errors.ts'
import type { Caller } from '../../gate/caller.ts'
import type { CallerOf } from '../caller-reader.ts'
import { refusalBody } from '../refusal-response.ts'
import type { Refusals } from '../refusals.ts'
import type { InFlight } from './in-flight.ts'
import { isBareHealthCheck, type OperatorParts, operatorRoutes } from './operator.ts'
import { HTML, JSON_TYPE, prefersHtml, type RoomRouteParts, roomRoutes } from './room-routes.ts'
import { fileRoutes, sendAsset } from './static.ts'
import { answerTemporary, isTemporary } from './temporary-refusal.ts'

export interface HttpParts extends RoomRouteParts, OperatorParts {
  readonly basePath: string
  readonly callerOf: CallerOf
  readonly refusals: Refusals
  /** Every request, until its answer has left. */
  readonly requests: InFlight
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Read before anything else is done for the request. */
    caller: Caller
  }
}

const NO_SUCH_ROOM = new Refusal(404, 'no_such_room', 'no room is at this path')

export async function httpRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  const { basePath, callerOf, gate, pages, requests, isDraining } = parts
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
  app.decorateRequest('caller')
  // Every request passes the rules of an upgrade first: a hostile target or Host gets no further.
  app.addHook('onRequest', async (request, reply) => {
    request.caller = callerOf(request.raw)
    void requests.track(new Promise<void>((resolve) => reply.raw.once('close', () => resolve())))
    // A handshake by another method than GET gets its ordinary answer, and no second request on the connection; nor does
    // a proxy keep one that is about to be closed.
    if (request.headers.upgrade?.toLowerCase() === 'websocket' || isDraining()) reply.header('Connection', 'close')
    if (isBareHealthCheck(request.raw, basePath)) return
    try {
      gate.target(request.caller)
    } catch (error) {
      // Whom the connection is for is not clear, or not us: whatever follows on it is not read.
      if (error instanceof Refusal && error.code.endsWith('_host')) reply.header('Connection', 'close')
      throw error
    }
  })
  /** Where something stands that is only read. */
  const own = new Set<string>()
  app.setErrorHandler((error, request, reply) => {
    const { method, url } = request
    const isOwn = error instanceof Refusal && error.code === NO_SUCH_ROOM.code && own.has(url.replace(/\?.*$/, ''))
    if (!isOwn || method !== 'OPTIONS') return answerError(error, request, reply, parts)
    return reply.headers({ Allow: 'GET, HEAD, OPTIONS', 'Cache-Control': 'no-store' }).code(204).send()
  })
  app.setNotFoundHandler((request, reply) => answerError(NO_SUCH_ROOM, request, reply, parts))
  // A browser would keep it for ever, also when the server has moved.
  if (basePath) app.get(basePath, (_, reply) => reply.header('Cache-Control', 'no-store').redirect(`${basePath}/`, 308))
  await app.register(
    async (under) => {
      under.addHook('onRoute', ({ method, url }) => void (method === 'GET' && own.add(url)))
      fileRoutes(under, pages.files, pages.hashed)
      operatorRoutes(under, parts)
      clientRoute(under, parts)
      await under.register((routes) => roomRoutes(routes, parts))
    },
    { prefix: basePath },
  )
}

function clientRoute(app: FastifyInstance, { pages }: HttpParts): void {
  app.get('/client.js', (request, reply) => {
    // A page of any origin may load the client; which rooms let it in, their own origins say.
    reply.headers({ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' })
    return sendAsset(request, reply, pages.client)
  })
}

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { refusals, pages, random }: HttpParts,
): FastifyReply {
  const refusal = refusals.of(error, request.caller)
  if (isTemporary(refusal, request)) return answerTemporary(reply, refusal, random)
  // Whoever waited to be asked for a body may not send it now: what comes next could be taken for it.
  if (request.headers.expect !== undefined) reply.header('Connection', 'close')
  // A refusal is of this moment: no cache gives it to who asks later.
  reply.code(refusal.status).header('Cache-Control', 'no-store').headers(refusal.headers)
  if (request.method === 'GET' && prefersHtml(request, reply)) return reply.type(HTML).send(pages.failure(refusal))
  return reply.type(JSON_TYPE).send(refusalBody(refusal))
}
