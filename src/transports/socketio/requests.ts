/**
 * The polling requests of Socket.IO clients: checked by our own rules, then answered by Engine.IO. `gateway.ts` registers
 * the route under the base path.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../errors.ts'
import type { Caller } from '../../gate/caller.ts'
import type { Gate } from '../../gate/gate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

/** What the requests are answered by. */
export interface PollingGateway {
  /** The most bytes of one request. */
  readonly mostBytes: number
  /** Throws a `Refusal`. */
  mustAdmit(caller: Caller): void
  corsHeaders(caller: Caller, query: URLSearchParams): Record<string, string>
  /** Resolves when the client of a session may be read again. */
  rested(sid: string): Promise<void>
  request(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void
}

const METHODS = 'GET, POST, OPTIONS'
const MAX_AGE_SECONDS = '600'

export async function pollingRoutes(app: FastifyInstance, gate: Gate, gateway: PollingGateway): Promise<void> {
  // Engine.IO reads the body, within its bound.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  for (const url of ['/socket.io', '/socket.io/']) {
    app.get(url, { exposeHeadRoute: false }, (request, reply) => poll(request, reply, gate, gateway))
    app.post(url, (request, reply) => poll(request, reply, gate, gateway))
    app.options(url, async (request, reply) => preflight(request, reply, gate, gateway))
  }
}

async function poll(
  request: FastifyRequest,
  reply: FastifyReply,
  gate: Gate,
  gateway: PollingGateway,
): Promise<FastifyReply> {
  const { caller, raw } = request
  gate.someOrigin(caller)
  const { query } = gate.target(caller)
  const cors = gateway.corsHeaders(caller, query)
  // On a refusal too, so that the page can read it.
  reply.headers(cors)
  // A page of any origin may read a script, and its request names no origin.
  if (query.has('j')) throw new Refusal(400, 'bad_handshake', 'expected polling without JSONP (the parameter "j")')
  const sid = query.get('sid')
  if (!sid) gateway.mustAdmit(caller)
  if (Number(raw.headers['content-length'] ?? 0) > gateway.mostBytes) {
    reply.header('Connection', 'close')
    throw new Refusal(413, 'too_large', `expected at most ${gateway.mostBytes} bytes in one request`)
  }
  if (sid && raw.method === 'POST') await gateway.rested(sid)
  reply.hijack()
  for (const [name, value] of Object.entries(cors)) reply.raw.setHeader(name, value)
  reply.raw.setHeader('X-Content-Type-Options', 'nosniff')
  if (raw.headers.expect !== undefined) reply.raw.writeContinue()
  gateway.request(raw, reply.raw, query)
  return reply
}

function preflight(request: FastifyRequest, reply: FastifyReply, gate: Gate, gateway: PollingGateway): FastifyReply {
  gate.someOrigin(request.caller)
  const asked = request.headers['access-control-request-headers'] ?? 'Content-Type'
  return reply
    .headers({
      ...gateway.corsHeaders(request.caller, gate.target(request.caller).query),
      Allow: METHODS,
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': asked,
      'Access-Control-Max-Age': MAX_AGE_SECONDS,
    })
    .code(204)
    .send()
}
