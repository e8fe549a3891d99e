/**
 * Which pages of other origins may read an answer (WHATWG Fetch, 3.2): a room's `origins` say it, the gate has refused
 * all others. `http.ts` puts these headers on whatever a room answers, refusals too.
 */
import type { Origins } from '../../config/listed-origin.ts'

const EXPOSED = [
  'Stream-Next-Offset',
  'Stream-Previous-Offset',
  'Stream-Cursor',
  'Stream-Up-To-Date',
  'ETag',
  'Retry-After',
  'Producer-Epoch',
  'Producer-Seq',
  'Producer-Expected-Seq',
  'Producer-Received-Seq',
].join(', ')

const ALLOWED = [
  'Authorization',
  'Content-Type',
  'Corridor-Peer',
  'If-None-Match',
  'Last-Event-ID',
  'Producer-Id',
  'Producer-Epoch',
  'Producer-Seq',
].join(', ')

const MAX_AGE_SECONDS = '600'

/**
 * The headers for an answer to a page of `origin`, which the gate let pass; none where it is of our own. `hasCookie`: the
 * room takes its token from a cookie, which a listed origin may send. A room that is open to all origins takes none.
 */
export function corsHeaders(origins: Origins, origin: string | undefined, hasCookie: boolean): Record<string, string> {
  const headers = { Vary: 'Origin' }
  if (origin === undefined || origins === 'same') return headers
  return {
    ...headers,
    'Access-Control-Allow-Origin': origins === '*' ? '*' : origin,
    ...(hasCookie && origins !== '*' && { 'Access-Control-Allow-Credentials': 'true' }),
    'Access-Control-Expose-Headers': EXPOSED,
    'Cross-Origin-Resource-Policy': 'cross-origin',
  }
}

/** What a preflight is told beside. */
export function preflightHeaders(methods: string): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': ALLOWED,
    'Access-Control-Max-Age': MAX_AGE_SECONDS,
  }
}
