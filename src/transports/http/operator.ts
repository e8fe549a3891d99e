/**
 * What an operator and a load balancer ask: is it alive, is it ready, what does it count. `http.ts` registers these
 * paths; no room can stand at one.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../errors.ts'
import { bearerOf } from '../../gate/auth.ts'
import type { Caller } from '../../gate/caller.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Log } from '../../log/log.ts'
import type { Metrics } from '../../operations/metrics.ts'

export interface OperatorParts {
  readonly gate: Gate
  readonly log: Log
  readonly metrics: Metrics
  /** Who asks for metrics must bring it; `undefined`: everyone may ask. */
  readonly metricsToken: string | undefined
  readonly isDraining: () => boolean
}

/** What a load balancer or a monitor asks; HAProxy asks `OPTIONS /` if it is told nothing else. */
const HEALTH = ['GET /healthz', 'HEAD /healthz', 'GET /readyz', 'HEAD /readyz', 'OPTIONS /']

/**
 * Whether a request may come without a Host: such checks are HTTP/1.0, and no browser can make one for a page of another
 * site. One with a Host is judged like any other.
 */
export function isBareHealthCheck({ method, url = '', headers }: IncomingMessage, basePath: string): boolean {
  if (headers.host !== undefined || !url.startsWith(basePath)) return false
  return HEALTH.includes(`${method} ${url.slice(basePath.length).replace(/\?.*$/, '')}`)
}

export function operatorRoutes(app: FastifyInstance, parts: OperatorParts): void {
  const { gate, log, metrics, metricsToken, isDraining } = parts
  app.get('/healthz', async (_, reply) => reply.header('Cache-Control', 'no-store').send({ status: 'alive' }))
  app.get('/readyz', async (_, reply) => {
    reply.header('Cache-Control', 'no-store')
    const trouble = isDraining() ? 'draining' : log.trouble
    return trouble === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason: trouble })
  })
  app.get('/metrics', async (request, reply) => {
    if (metricsToken !== undefined) requireToken(metricsToken, gate, request.caller)
    const { registry } = metrics
    return reply
      .header('Cache-Control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics())
  })
}

function requireToken(token: string, gate: Gate, caller: Caller): void {
  const given = bearerOf(caller.authorization)
  if (given !== undefined && isSame(given, token)) return
  // Guessing is no faster than shaking hands.
  gate.charge(caller, 1)
  if (given === undefined)
    throw new Refusal(401, 'no_token', 'metrics are told to who brings a token', { 'WWW-Authenticate': 'Bearer' })
  throw new Refusal(401, 'bad_token', 'this token is not the one for metrics', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  })
}

/** In the same time, whatever they have in common. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
