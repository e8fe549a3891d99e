/**
 * CORS headers (WHATWG Fetch, 3.2) for pages of the origins in a room's `origins`; the gate has refused all others.
 * `room-routes.ts` sets them on every answer of a room, refusals included.
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
 * The headers for a page of `origin`, which the gate has accepted; only `Vary` for the server's own origin. `hasCookie`: the
 * room takes its token from a cookie, which a listed origin may send; with `origins` `"*"` no cookie is accepted.
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

/** The further headers of a preflight's answer. */
export function preflightHeaders(methods: string): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': ALLOWED,
    'Access-Control-Max-Age': MAX_AGE_SECONDS,
  }
}
