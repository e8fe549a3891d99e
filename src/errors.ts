/**
 * Everything that can go wrong between a client and a room, in one table: the HTTP status before the upgrade, the close
 * code after it, and whether the client may come back by itself. `gate.ts` refuses with these, `peer.ts` closes with them.
 */

import { show } from './mistakes.ts'
import type { Limit } from './tally.ts'

/** Why someone was not let in: said as an HTTP status and a one-line JSON body, before the upgrade. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  /** What the body says beside `error` and `message`. */
  readonly details: Readonly<Record<string, unknown>>
  /** What it is counted as: one of our codes, or one word for all that modules invent. */
  readonly label: string
  /** The limit that was broken. */
  limit: Limit | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Record<string, string> = {},
    details: Readonly<Record<string, unknown>> = {},
    label: string = code,
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
    this.details = details
    this.label = label
  }

  /** The same, for a limit that was broken. */
  by(limit: Limit): this {
    this.limit = limit
    return this
  }
}

/**
 * What a handler throws to tell the sender something: an `error` event with this `code` and `message`.
 * Anything else a handler throws reaches the sender as `internal` and the log in full.
 */
export class RoomError extends Error {
  readonly code: string
  /** What else the sender may read: anything that JSON can say. */
  readonly details: unknown

  constructor(code: string, message: string, details?: unknown) {
    super(message)
    this.name = 'RoomError'
    // A module may be plain JavaScript: what cannot be told is its mistake here, where it is still caught.
    this.code = String(code)
    if (details !== undefined) JSON.stringify(details)
    this.details = details
  }

  /** The same, of one message among many. */
  at(index: number): RoomError {
    return new RoomError(this.code, textAt(index, this), this.details)
  }
}

/** The data of a message is not what the module's schema expects; `issues`: the schema's. */
export class InvalidError extends RoomError {
  readonly issues: readonly unknown[]

  constructor(code: string, message: string, issues: readonly unknown[]) {
    super(code, message)
    this.issues = issues
  }

  override at(index: number): RoomError {
    return new InvalidError(this.code, textAt(index, this), this.issues)
  }
}

function textAt(index: number, { message }: Error): string {
  return `message ${index}: ${message}`
}

/** What the sender reads beside code and message. */
export function extrasOf(error: RoomError): { issues?: readonly unknown[]; details?: unknown } {
  const { details } = error
  return {
    ...(error instanceof InvalidError && { issues: error.issues }),
    ...(details !== undefined && { details }),
  }
}

/** A limit was broken. */
export class LimitError extends RoomError {
  readonly limit: Limit

  constructor(limit: Limit, code: string, message: string) {
    super(code, message)
    this.limit = limit
  }
}

export interface CloseReason {
  readonly code: number
  readonly reason: string
  /** When the client shall come back, which the reason says in words. */
  readonly retryMs?: number
  /** What else the peer sends is not even read. */
  readonly isUnread?: boolean
}

/** Why we close a connection: code (RFC 6455, 7.4; IANA registry) and reason. Only 1008 means: do not come back as you are. */
export const Close = {
  removed: { code: 1001, reason: 'this room was removed' },
  restart: { code: 1012, reason: 'restarting, come back' },
  textOnly: { code: 1003, reason: 'this room takes text frames' },
  replaced: { code: 1008, reason: 'the same client connected again' },
  heartbeat: { code: 1008, reason: 'no sign of life after a ping' },
  expired: { code: 1008, reason: 'the token has expired' },
  abuse: { code: 1008, reason: 'sent too much for too long', isUnread: true },
  unfinished: { code: 1008, reason: 'a message was begun and not ended in time', isUnread: true },
  slow: { code: 1013, reason: 'too slow to keep up, come back and resume' },
  busy: { code: 1013, reason: 'too busy, come back later' },
  broken: { code: 1011, reason: 'the room failed' },
} as const satisfies Record<string, CloseReason>

/**
 * What a module's code threw, whatever it is, as an error of ours: no property of it (a status, say) is taken for ours.
 * `what`: which code of the module.
 */
export function failureOf(what: string, thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return new Error(`${what} failed`, { cause: thrown })
    return new Error(`${what} failed: expected an Error to be thrown, got ${show(thrown)}`)
  } catch {
    return new Error(`${what} failed: expected an Error to be thrown, got what cannot be looked at`)
  }
}

/**
 * What a module's code threw, where it is a `RoomError` that can be told: a module may change one, or make a trap of it.
 * It is read once, and what is told is a copy.
 */
export function roomErrorOf(thrown: unknown): RoomError | undefined {
  try {
    if (!(thrown instanceof RoomError)) return undefined
    const { code, message, details } = thrown
    if (typeof code !== 'string' || typeof message !== 'string') return undefined
    if (thrown instanceof InvalidError || thrown instanceof LimitError) {
      JSON.stringify(extrasOf(thrown))
      return thrown
    }
    const told = JSON.stringify(details)
    return new RoomError(code, message, told === undefined ? undefined : JSON.parse(told))
  } catch {
    return undefined
  }
}

/** What the HTTP side answers for what a room would say in an `error` event; a module's own codes are 400. */
const STATUS: Readonly<Record<string, number>> = {
  bad_json: 400,
  bad_message: 400,
  unknown_type: 400,
  invalid: 400,
  rate_limited: 429,
  forbidden: 403,
  conflict: 409,
  unavailable: 503,
  internal: 500,
}

/** `isProducer`: to a producer 403 and 409 speak of its own epochs and gaps, so that nothing else may (protocol, 5.2.1). */
export function refusalOf(error: RoomError, isProducer: boolean): Refusal {
  const { code, message } = error
  const status = (Object.hasOwn(STATUS, code) ? STATUS[code] : undefined) ?? 400
  const told = isProducer && (status === 403 || status === 409) ? 400 : status
  const headers: Record<string, string> = told === 429 || told === 503 ? { 'Retry-After': '1' } : {}
  const label = Object.hasOwn(STATUS, code) ? code : 'module'
  const refusal = new Refusal(told, code, message, headers, extrasOf(error), label)
  return error instanceof LimitError ? refusal.by(error.limit) : refusal
}

/** What a module's `admit` says. */
export function refusalOfAdmit(error: RoomError): Refusal {
  return new Refusal(403, error.code, error.message, {}, extrasOf(error), 'admit')
}

/** What a module's `join` has said lately. */
export function refusalOfJoin(error: RoomError): Refusal {
  return new Refusal(403, error.code, error.message, {}, extrasOf(error), 'join')
}
