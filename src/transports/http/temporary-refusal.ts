/**
 * What an EventSource is answered when it cannot be let in now. It gives up for good after any status but 200, so that
 * whatever is only "not now" is an event stream that says when to come back, and ends. `http.ts` asks for each refusal.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Close, type Refusal } from '../../errors.ts'
import type { Random } from '../../random.ts'

/** Where a refusal does not say when to come back. */
const RETRY_SECONDS = 5

/** Whether this refusal may be over soon, and its client takes any status as the last word. */
export function isTemporary({ status }: Refusal, { method, query }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const isEventSource = typeof query === 'object' && query !== null && 'live' in query && query.live === 'sse'
  return isEventSource && (status === 429 || status >= 500)
}

/** `retry` for an EventSource; an event of its own, `close`, for a client that wants to know why. */
export function answerTemporary(reply: FastifyReply, refusal: Refusal, random: Random): FastifyReply {
  const { status, code: error, message, headers } = refusal
  // Those who were refused together come back one by one.
  const retryMs = Math.round(Number(headers['Retry-After'] ?? RETRY_SECONDS) * 1000 * (1 + random.fraction()))
  const reason = `${message}, come back in ${retryMs} ms`
  const said = JSON.stringify({ code: Close.busy.code, reason, status, error, message })
  return reply
    .code(200)
    .headers({ ...headers, 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' })
    .type('text/event-stream')
    .send(Buffer.from(`retry: ${retryMs}\nevent: close\ndata:${said}\n\n`))
}
