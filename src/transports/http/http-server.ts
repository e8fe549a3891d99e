/**
 * The HTTP server itself: its deadlines, which requests are upgrades, and the answer to requests that cannot be parsed.
 * `http.ts` registers the routes, `upgrade.ts` takes the upgrades.
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

/** How often Node checks for late requests: deadlines hold to within this. */
const LOOK_MS = 2000
/** Replaces a path that cannot be decoded; the gate refuses it in the same way. */
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
    // Longer than a proxy's idle timeout, so that the proxy never sends a request on a connection that is closing.
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    // While draining, our own answer says when to retry.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    // A path that Fastify cannot decode gets the usual refusal: a page for a browser, with all headers.
    rewriteUrl: ({ url = '/' }: IncomingMessage) => (isDecodable(url) ? url : UNDECODABLE),
    // A target that Fastify cannot parse never reaches our routes.
    frameworkErrors: (_: Error, { raw }: FastifyRequest, reply: FastifyReply) => {
      const refusal = refusals.of(
        new Refusal(400, 'bad_target', 'expected a correctly percent-encoded path'),
        callerOf(raw),
      )
      reply.code(400).header('X-Content-Type-Options', 'nosniff')
      void reply.type('application/json; charset=utf-8').send(refusalBody(refusal))
    },
    clientErrorHandler: (error: Error & { code?: string }, socket: Duplex) =>
      answerUnparsed(clock, error, socket, refusals),
  }
  // The gate checks Host with a better message; a health check may omit it.
  const http = { requireHostHeader: false, shouldUpgradeCallback: isWebSocket, connectionsCheckingInterval: LOOK_MS }
  const app = tls ? Fastify({ ...common, https: { ...http, ...tls } }) : Fastify({ ...common, http })
  setDeadlines(app.server, limits)
  // Node would send 100 Continue at once; `append.ts` sends it only after the checks.
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

/** Sets how long a request may take; Node applies it at its next check. */
export function setDeadlines(server: Server, { headersTimeoutMs, requestTimeoutMs }: Config['server']['limits']): void {
  server.headersTimeout = headersTimeoutMs
  server.requestTimeout = requestTimeoutMs
}

/** Any other upgrade is ignored, and the request gets its ordinary answer (RFC 9110, 7.8). */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** The input was no HTTP, too large, or too late. */
function answerUnparsed(clock: Clock, error: Error & { code?: string }, socket: Duplex, refusals: Refusals): void {
  const answer = answerOf(socket)
  // The client is gone, or another answer has begun, and a second one would be read as part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) socket.destroy()
  else refuse(clock, socket, refusals.ofUnread(error.code, answer !== undefined))
}

/** The URL of a server that listens: `http://127.0.0.1:3000` and the base path. */
export function urlOf(app: FastifyInstance, { tls, basePath }: Environment): string {
  const at = app.server.address()
  if (at === null || typeof at === 'string') throw new Error('expected the server to listen on a port')
  const { address, port, family } = at
  return `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}${basePath}`
}
