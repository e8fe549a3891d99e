/**
 * Parses a read request: its query, and the `Last-Event-ID` of an EventSource. It is checked before the room is opened;
 * `read.ts` and `live.ts` answer it.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../../errors.ts'
import { isPosition, parseOffset } from '../../log/log.ts'

export type Live = 'long-poll' | 'sse'

export interface ReadRequest {
  /** `-1`, `now` or an offset; `undefined`: not given. */
  readonly offset: string | undefined
  /** `now` or an offset, to read backwards from. */
  readonly before: string | undefined
  /** The most events of a page; `undefined`: the server's own bound. */
  readonly limit: number | undefined
  readonly live: Live | undefined
  readonly cursor: string | undefined
}

/** `undefined`: not a read; the request gets the room's page or description. Throws a `Refusal` 400. */
export function readRequestOf(
  query: URLSearchParams,
  { headers }: { readonly headers: IncomingHttpHeaders },
): ReadRequest | undefined {
  if (!['offset', 'live', 'before'].some((key) => query.has(key))) return undefined
  for (const key of ['offset', 'live', 'cursor', 'before', 'limit']) {
    if (query.getAll(key).length > 1) throw new Refusal(400, `bad_${key}`, `expected "${key}" once`)
  }
  const cursor = query.get('cursor') ?? undefined
  const before = beforeOf(query)
  if (before !== undefined) return { offset: undefined, before, limit: limitOf(query), live: undefined, cursor }
  const live = query.get('live') ?? undefined
  if (live !== undefined && live !== 'long-poll' && live !== 'sse') {
    throw new Refusal(400, 'bad_live', 'expected live=long-poll or live=sse')
  }
  // An EventSource reconnects to the same URL, and sends its last offset in this header.
  const seen = headers['last-event-id']
  const offset = typeof seen === 'string' && seen !== '' && live === 'sse' ? seen : (query.get('offset') ?? undefined)
  if (offset !== undefined && !isPosition(offset)) {
    throw new Refusal(400, 'bad_offset', 'expected offset=-1, offset=now or an offset as a room gave it')
  }
  // Only a peer may omit the offset: it begins as a newcomer, with the room's replay.
  if (offset === undefined && !(live === 'sse' && query.has('client'))) {
    throw new Refusal(400, 'bad_offset', `expected an offset with live=${live}`)
  }
  const limit = limitOf(query)
  if (limit !== undefined && live === 'sse') {
    throw new Refusal(400, 'bad_limit', 'expected no limit with live=sse, which has no pages')
  }
  return { offset, before, limit, live, cursor }
}

/** The start of a backward read. Throws a `Refusal` 400. */
function beforeOf(query: URLSearchParams): string | undefined {
  const before = query.get('before') ?? undefined
  if (before === undefined) return undefined
  if (before !== 'now' && !parseOffset(before)) {
    throw new Refusal(400, 'bad_before', 'expected before=now or an offset as a room gave it')
  }
  for (const key of ['offset', 'live']) {
    if (query.has(key)) throw new Refusal(400, 'bad_before', `expected no ${key} with before, which reads backwards`)
  }
  return before
}

function limitOf(query: URLSearchParams): number | undefined {
  const limit = query.get('limit')
  if (limit === null) return undefined
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit)
  throw new Refusal(400, 'bad_limit', 'expected limit as a number of events, 1 or more')
}
