/**
 * What the operator sends: the bodies and queries of `/admin/`, checked before anything is done. `admin-routes.ts` reads
 * them.
 */
import { z } from 'zod'
import { InvalidError, Refusal } from '../../errors.ts'
import type { PageQuery } from '../../operations/overview.ts'
import { parseJson } from '../../room/protocol.ts'

/** The largest body. Only `say` needs more than a few hundred bytes. */
export const MAX_BODY_BYTES = 64 * 1024 ** 2 + 4096
/** A room's own bounds on JSON apply besides. */
const JSON_BOUNDS = { depth: 1010, members: 1_000_010 }
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000
/** A close frame has 123 bytes for it (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123

const room = z.string().min(1).max(4096).describe('The path of a room, as in a URL.')
const text = (max: number) => z.string().min(1).max(max)
const reason = z
  .string()
  .refine((given) => Buffer.byteLength(given) <= MAX_REASON_BYTES, `expected at most ${MAX_REASON_BYTES} bytes`)
  .refine((given) => given.isWellFormed() && !/\p{Cc}/u.test(given), 'expected text on one line')

export const ROOM = z.strictObject({ room })
export const KICK = z
  .strictObject({ room, id: text(255).optional(), connection: text(255).optional(), reason: reason.optional() })
  .refine(({ id, connection }) => (id === undefined) !== (connection === undefined), 'expected "id" or "connection"')
export const REDACT = z.strictObject({ room, seq: z.int().min(1) })
export const SAY = z.strictObject({ room, type: z.string(), data: z.unknown().optional(), id: text(64).optional() })

/** The body, checked by its schema. Throws a `RoomError` `bad_json` or `invalid`. */
export function bodyOf<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(parseJson(typeof body === 'string' ? body : '', JSON_BOUNDS))
  if (result.success) return result.data
  const { issues } = result.error
  throw new InvalidError('invalid', z.prettifyError({ issues }), issues)
}

/** Throws a `Refusal` 400. */
export function pageQuery(query: URLSearchParams): PageQuery {
  mustBeKnown(query, ['after', 'limit', 'all'])
  const limit = query.get('limit') ?? String(DEFAULT_LIMIT)
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT)
    throw new Refusal(400, 'bad_limit', `expected limit=1 to ${MAX_LIMIT}`)
  const all = query.get('all') ?? 'false'
  if (!['', 'true', '1', 'false', '0'].includes(all)) throw new Refusal(400, 'bad_query', 'expected ?all alone')
  return { after: query.get('after') ?? '', limit: Number(limit), isAll: !['false', '0'].includes(all) }
}

/** The path in `?room=`. Throws a `Refusal` 400. */
export function roomQuery(query: URLSearchParams): string {
  mustBeKnown(query, ['room'])
  const path = query.get('room')
  if (path === null) throw new Refusal(400, 'bad_query', 'expected ?room= and the path of a room')
  return path
}

function mustBeKnown(query: URLSearchParams, known: readonly string[]): void {
  for (const key of query.keys()) {
    if (!known.includes(key)) throw new Refusal(400, 'bad_query', `expected ${known.join(', ')} in the query`)
    if (query.getAll(key).length > 1) throw new Refusal(400, 'bad_query', `expected "${key}" once`)
  }
}
