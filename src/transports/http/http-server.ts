/**
 * The HTTP server itself: its deadlines, which requests it hands over as upgrades, and what it says to whom it cannot
 * even read. `http.ts` registers what it answers, `upgrade.ts` takes the upgrades.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { Refusal } from '../../errors.ts'
import type { CallerOf } from '../caller-reader.ts'
import { refusalBody, refuse } from '../refusal-response.ts'
import type { Refusals } from '../refusals.ts'
import { answerOf } from './node-http-internals.ts'

/** How often Node looks for requests that are late: the deadlines hold within this. */
const LOOK_MS = 2000
/** In place of a path that cannot be decoded; the gate refuses it as it would the path itself. */
const UNDECODABLE = '/%2f'

export function httpServer(
  { tls, trustProxy, keepAliveMs }: Environment,
  clock: Clock,
  refusals: Refusals,
  callerOf: CallerOf,
  limits: Config['server']['limits'],
): FastifyInstance {
  const common = {
    logger: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    // Longer than a proxy keeps an idle connection, so that the proxy never sends a request into one that closes.
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    // Until its connections are cut, whoever asks gets our own answer, which says when to come back.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    // A path that Fastify cannot decode takes the ordinary way to its refusal: a page for a browser, with all its headers.
    rewriteUrl: ({ url = '/' }: IncomingMessage) => (isDecodable(url) ? url : UNDECODABLE),
    // A target that Fastify cannot read never comes to our routes.
    frameworkErrors: (_: Error, { raw }: FastifyRequest, reply: FastifyReply) => {
      const refusal = refusals.of(
        new Refusal(400, 'bad_target', 'expected a path that is encoded rightly'),
        callerOf(raw),
      )
      reply.code(400).header('X-Content-Type-Options', 'nosniff')
      void reply.type('application/json; charset=utf-8').send(refusalBody(refusal))
    },
    clientErrorHandler: (error: Error & { code?: string }, socket: Duplex) => unread(clock, error, socket, refusals),
  }
  // The gate asks for a Host, and says what was wrong; a health check may do without.
  const http = { requireHostHeader: false, shouldUpgradeCallback: isWebSocket, connectionsCheckingInterval: LOOK_MS }
  const app = tls ? Fastify({ ...common, https: { ...http, ...tls } }) : Fastify({ ...common, http })
  setDeadlines(app.server, limits)
  // Node would invite every body; here the one who reads it does, and a refusal comes before it.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))
  return app
}

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURI(url.split(/[?#]/, 1)[0] ?? '')
    return true
  } catch {
    return false
  }
}

/** How long a request may take from now on; Node asks at each look. */
export function setDeadlines(server: Server, { headersTimeoutMs, requestTimeoutMs }: Config['server']['limits']): void {
  server.headersTimeout = headersTimeoutMs
  server.requestTimeout = requestTimeoutMs
}

/** Any other token or method is an offer we do not take: the request gets its ordinary answer (RFC 9110, 7.8). */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** What came is no HTTP, too much of it, or too late. */
function unread(clock: Clock, error: Error & { code?: string }, socket: Duplex, refusals: Refusals): void {
  const answer = answerOf(socket)
  // Nobody is there to read, or in the midst of another answer: a second one would be taken for more of it.
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) socket.destroy()
  else refuse(clock, socket, refusals.ofUnread(error.code, answer !== undefined))
}
