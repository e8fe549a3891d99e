/**
 * Temporary refusals for an EventSource. It gives up for good after any status but 200, so a temporary refusal is sent as an
 * event stream that says when to reconnect, and ends. `http.ts` uses it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Close, type Refusal } from '../../errors.ts'
import type { Random } from '../../random.ts'

/** If a refusal has no `Retry-After`. */
const RETRY_SECONDS = 5

/** Whether a refusal is temporary and its client an EventSource, which takes any status for final. */
export function isTemporary({ status }: Refusal, { method, query }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const isEventSource = typeof query === 'object' && query !== null && 'live' in query && query.live === 'sse'
  return isEventSource && (status === 429 || status >= 500)
}

/** Sends `retry` for an EventSource, and an event `close` with the reason for our client. */
export function answerTemporary(reply: FastifyReply, refusal: Refusal, random: Random): FastifyReply {
  const { status, code: error, message, headers } = refusal
  // Spread at random, so that clients refused together do not return together.
  const retryMs = Math.round(Number(headers['Retry-After'] ?? RETRY_SECONDS) * 1000 * (1 + random.fraction()))
  const reason = `${message}, come back in ${retryMs} ms`
  const data = JSON.stringify({ code: Close.busy.code, reason, status, error, message })
  return reply
    .code(200)
    .headers({ ...headers, 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' })
    .type('text/event-stream')
    .send(Buffer.from(`retry: ${retryMs}\nevent: close\ndata:${data}\n\n`))
}
