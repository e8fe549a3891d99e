/**
 * The paths for operators and load balancers: `/healthz`, `/readyz` and `/metrics`. `http.ts` registers them; no room can
 * have one of these paths. `admin-routes.ts` has the paths that need the operator's token.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Gate } from '../../gate/gate.ts'
import type { Log, LogWarning } from '../../log/log.ts'
import type { Metrics } from '../../operations/metrics.ts'
import { requireToken } from './required-token.ts'

export interface OperatorParts {
  readonly gate: Gate
  readonly log: Log
  readonly metrics: Metrics
  /** If set, `/metrics` requires this bearer token. */
  readonly metricsToken: string | undefined
  readonly isDraining: () => boolean
}

/** Health checks of load balancers and monitors; `OPTIONS /` is HAProxy's default. */
const HEALTH = ['GET /healthz', 'HEAD /healthz', 'GET /readyz', 'HEAD /readyz', 'OPTIONS /']

/**
 * Whether a request is a health check without a Host header, which is allowed: these use HTTP/1.0, and no web page can send
 * one. A check with a Host passes the same checks as any request.
 */
export function isBareHealthCheck({ method, url = '', headers }: IncomingMessage, basePath: string): boolean {
  if (headers.host !== undefined || !url.startsWith(basePath)) return false
  return HEALTH.includes(`${method} ${url.slice(basePath.length).replace(/\?.*$/, '')}`)
}

export function operatorRoutes(app: FastifyInstance, parts: OperatorParts): void {
  const { gate, log, metrics, metricsToken, isDraining } = parts
  const token = metricsToken && ({ value: metricsToken, name: 'metrics', variable: 'METRICS_TOKEN' } as const)
  app.get('/healthz', async (_, reply) => reply.header('Cache-Control', 'no-store').send({ status: 'alive' }))
  app.get('/readyz', async (_, reply) => {
    reply.header('Cache-Control', 'no-store')
    const { ready, ...body } = readiness(isDraining(), log)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', ...body })
  })
  app.get('/metrics', async (request, reply) => {
    if (token) requireToken(token, gate, request.caller)
    const { registry } = metrics
    return reply
      .header('Cache-Control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics())
  })
}

/** Whether clients should be sent here, why not, and what its operator should know. */
function readiness(
  isDraining: boolean,
  { trouble, goesOn = false, warnings = [] }: Pick<Log, 'trouble' | 'goesOn' | 'warnings'>,
): { ready: boolean; reason?: string; trouble?: string; warnings?: readonly LogWarning[] } {
  const known = warnings.length > 0 ? { warnings } : {}
  if (isDraining) return { ready: false, reason: 'draining', ...known }
  if (trouble === undefined) return { ready: true, ...known }
  return goesOn ? { ready: true, trouble, ...known } : { ready: false, reason: trouble, ...known }
}
