/**
 * All HTTP routes: pages, rooms, operator paths, and the answers of refusals. Every request passes the gate's check of host
 * and path first, so that pages and upgrades never disagree about a path. `http-server.ts` makes the Fastify server.
 */
import helmet from '@fastify/helmet'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../errors.ts'
import type { Caller } from '../../gate/caller.ts'
import type { Random } from '../../random.ts'
import type { CallerOf } from '../caller-reader.ts'
import { refusalBody } from '../refusal-response.ts'
import type { Refusals } from '../refusals.ts'
import { type AdminRouteParts, adminRoutes, operatorPage } from './admin-routes.ts'
import { Asset } from './asset.ts'
import { asyncApiRoute } from './asyncapi-route.ts'
import type { InFlightRequests } from './in-flight-requests.ts'
import { isBareHealthCheck, type OperatorParts, operatorRoutes } from './operator.ts'
import { ownFileRoutes } from './own-files.ts'
import { HTML, JSON_UTF8, prefersHtml, type RoomRouteParts, roomRoutes } from './room-routes.ts'
import { fileRoutes, sendAsset } from './static.ts'
import { answerTemporary, isTemporary } from './temporary-refusal.ts'

export interface HttpParts extends RoomRouteParts, OperatorParts, AdminRouteParts {
  readonly basePath: string
  readonly callerOf: CallerOf
  readonly random: Random
  readonly refusals: Refusals
  /** Every request, until its response is closed. */
  readonly requests: InFlightRequests
  /** Socket.IO clients; `undefined`: `server.socketio` is off. */
  readonly gateway: GatewayRoutes | undefined
}

export interface GatewayRoutes {
  /** Its client for browsers. */
  readonly files: readonly { readonly path: string; readonly type: string; readonly body: Buffer }[]
  routes(app: FastifyInstance): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the first hook. */
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
    // Only the owner of the host name can say that all of it is https, at the proxy.
    strictTransportSecurity: false,
  })
  await ownFileRoutes(app)
  app.decorateRequest('caller')
  // The same checks of host and path as for an upgrade.
  app.addHook('onRequest', async (request, reply) => {
    request.caller = callerOf(request.raw)
    void requests.track(new Promise<void>((resolve) => reply.raw.once('close', () => resolve())))
    // A handshake with another method than GET gets its ordinary answer, but no second request on the connection. While
    // draining, a proxy must not keep the connection either.
    if (request.headers.upgrade?.toLowerCase() === 'websocket' || isDraining()) reply.header('Connection', 'close')
    if (isBareHealthCheck(request.raw, basePath)) return
    try {
      gate.target(request.caller)
    } catch (error) {
      // It is unclear for which server the connection is meant, so nothing more is read from it.
      if (error instanceof Refusal && error.code.endsWith('_host')) reply.header('Connection', 'close')
      throw error
    }
  })
  /** The read-only paths. */
  const own = new Set<string>()
  app.setErrorHandler((error, request, reply) => {
    const { method, url } = request
    const isOwn = error instanceof Refusal && error.code === NO_SUCH_ROOM.code && own.has(url.replace(/\?.*$/, ''))
    if (!isOwn || method !== 'OPTIONS') return answerError(error, request, reply, parts)
    return reply.headers({ Allow: 'GET, HEAD, OPTIONS', 'Cache-Control': 'no-store' }).code(204).send()
  })
  app.setNotFoundHandler((request, reply) => answerError(NO_SUCH_ROOM, request, reply, parts))
  // Otherwise a browser would cache the permanent redirect.
  if (basePath) app.get(basePath, (_, reply) => reply.header('Cache-Control', 'no-store').redirect(`${basePath}/`, 308))
  await app.register(
    async (under) => {
      under.addHook('onRoute', ({ method, url }) => void (method === 'GET' && own.add(url)))
      fileRoutes(under, pages.files, pages.hashed, parts.ownFiles)
      operatorRoutes(under, parts)
      operatorPage(under, parts)
      await under.register((routes) => adminRoutes(routes, parts))
      clientRoute(under, parts)
      asyncApiRoute(under, parts, basePath)
      await gatewayRoutes(under, parts)
      await under.register((routes) => roomRoutes(routes, parts))
    },
    { prefix: basePath },
  )
}

/** WebPages of any origin may load the client files, as `/client.js`. */
async function gatewayRoutes(app: FastifyInstance, { gateway }: HttpParts): Promise<void> {
  for (const { path, type, body } of gateway?.files ?? []) {
    const asset = new Asset(body, type)
    app.get(path, (request, reply) => {
      reply.headers({ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' })
      return sendAsset(request, reply, asset)
    })
  }
  await gateway?.routes(app)
}

function clientRoute(app: FastifyInstance, { pages }: HttpParts): void {
  app.get('/client.js', (request, reply) => {
    // WebPages of any origin may load the client; each room's `origins` apply when it connects.
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
  // After `Expect: 100-continue` the client may or may not send its body, so the connection cannot be reused.
  if (request.headers.expect !== undefined) reply.header('Connection', 'close')
  // A refusal is temporary, so it must not be cached.
  reply.code(refusal.status).header('Cache-Control', 'no-store').headers(refusal.headers)
  if (request.method === 'GET' && prefersHtml(request, reply)) return reply.type(HTML).send(pages.failure(refusal))
  return reply.type(JSON_UTF8).send(refusalBody(refusal))
}
