/**
 * The shapes of the messages of a link: what another node says is checked before anything is done with it. Nodes trust
 * each other, but may be of different versions, or mistaken. `link-batch.ts` checks what it reads; `link-message.ts` says
 * what the messages mean.
 */
import { z } from 'zod'
import type { Answer } from '../delivery/frame.ts'
import { isPosition } from '../log/log.ts'
import type { Posted } from '../room/open-room.ts'
import { LIMITS } from '../tally.ts'
import type { LinkMessage } from './link-message.ts'

/** `items` and `receive`, which are most messages, have a form of their own. */
export type PlainMessage = Exclude<LinkMessage, { op: 'items' | 'receive' }>

/** What another node has said is not what is expected of it. */
export class MalformedError extends Error {}

/** A close frame has 123 bytes for it (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123
/** Codes that no close frame has (RFC 6455, 7.4.1). */
const UNSENT = new Set([1004, 1005, 1006])

const count = z.int().min(0)
const ms = z.number().min(0)
const place = count
const session = count
const ask = count
const limit = z.enum(LIMITS)
const offset = z.string().refine(isPosition, 'expected an offset').optional()
const code = z.int().refine((given) => (given >= 1000 && given < 1015 && !UNSENT.has(given)) || isOwnCode(given))
const reason = z.object({
  code,
  reason: z.string().refine((text) => Buffer.byteLength(text) <= MAX_REASON_BYTES, 'expected at most 123 bytes'),
  retryMs: ms.optional(),
  isUnread: z.boolean().optional(),
})
const details = z.record(z.string(), z.unknown())
const refusal = z.object({
  status: z.int().min(400).max(599),
  code: z.string(),
  message: z.string(),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/)),
  details: details.optional(),
  limit: limit.optional(),
})
const error = z.object({
  code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
  issues: z.array(z.unknown()).optional(),
  limit: limit.optional(),
  isRepeated: z.literal(true).optional(),
})
const visitor = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  client: z.string().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
  untilMs: z.number().optional(),
  via: z.enum(['websocket', 'socketio', 'http']).optional(),
  address: z.string().optional(),
})
const peer = z.object({ session, visitor, offset, isMoved: z.boolean(), begunMs: z.number() })
const id = z.string().min(1).max(64)
const message = z.object({ type: z.string(), data: z.unknown().optional(), id: id.optional() })
const producerKey = z.object({ producer: z.string(), epoch: count, seq: count })

const SHAPES = {
  attach: z.object({ place, path: z.string(), kind: z.enum(['event', 'raw']), term: count, peers: z.array(peer) }),
  detach: z.object({ place }),
  reserve: z.object({ place, ask, client: z.string().optional(), offset, isStream: z.boolean() }),
  release: z.object({ place, ask }),
  join: z.object({ place, peer }),
  post: z.object({ place, session, ask, messages: z.array(message), producerKey: producerKey.optional() }),
  gone: z.object({ place, session, isLost: z.boolean() }),
  end: z.object({ place, session, reason }),
  written: z.object({ place, session, bytes: count }),
  quiet: z.object({ place }),
  attached: z.object({ place, term: count, epoch: z.string().regex(/^\w*$/), seq: count, newcomerAfter: count }),
  refused: z.object({ place, refusal }),
  rest: z.object({ place, session, ms }),
  close: z.object({ place, session, reason }),
  drop: z.object({ place, session }),
  moving: z.object({ place }),
  over: z.object({ place, to: z.string().optional() }),
  ask: z.object({ ask, name: z.string(), args: z.unknown().optional() }),
  answer: z.object({ ask, value: z.unknown().optional() }),
  failed: z.object({ ask, refusal: refusal.optional(), error: error.optional() }),
  status: z.object({ redisAgeMs: ms }),
  ends: z.object({}),
} satisfies Record<PlainMessage['op'], z.ZodType>

const ANSWER = z.object({
  id: z.string().optional(),
  ref: z.number().optional(),
  seq: count.optional(),
  kept: z.string().optional(),
  duplicate: z.boolean().optional(),
})

const outcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['appended', 'duplicate']), seq: count }),
  z.object({ outcome: z.literal('stale'), epoch: count }),
  z.object({ outcome: z.literal('gap'), expected: count }),
  z.object({ outcome: z.literal('unstarted') }),
])

/** The answer to `post`. */
export const POSTED: z.ZodType<Posted> = z.object({
  produced: outcome.exactOptional(),
  seq: count.optional(),
  kept: z.enum(['memory', 'os', 'fsync', 'replicated']),
  isDuplicate: z.boolean().exactOptional(),
})

/** Throws a `MalformedError`. */
export function mustBeMessage(value: unknown): asserts value is PlainMessage {
  const op = isObject(value) && typeof value.op === 'string' ? value.op : ''
  if (!isOp(op)) throw new MalformedError(`expected a message of one of ${Object.keys(SHAPES).length} kinds`)
  fitted<unknown>(SHAPES[op], value, `"${op}"`)
}

/** The answer that a frame carries. Throws a `MalformedError`. */
export function mustBeAnswer(value: unknown): asserts value is Answer {
  fitted(ANSWER, value, 'the answer of a frame')
}

/** The value, if it is of this shape. Throws a `MalformedError`; `what`: how it is named there. */
export function fitted<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const { success, data, error: mistake } = shape.safeParse(value)
  if (success) return data
  const [issue] = mistake.issues
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : ''
  throw new MalformedError(`${what}: ${issue?.message ?? 'it has another shape'}${where}`)
}

/** Throws a `MalformedError`. */
export function mustBeCount(value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new MalformedError(`expected a number from 0 on, got ${typeof value}`)
}

function isOp(op: string): op is PlainMessage['op'] {
  return Object.hasOwn(SHAPES, op)
}

function isOwnCode(given: number): boolean {
  return given >= 3000 && given <= 4999
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
