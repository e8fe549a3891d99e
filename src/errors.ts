/**
 * All errors between a client and a room: the HTTP status before the upgrade, the close code after it, and whether the
 * client may reconnect by itself. `gate.ts` refuses with these, `peer.ts` closes with them.
 */

import { show } from './mistakes.ts'
import type { Limit } from './tally.ts'

/** Why a request or connection was refused: an HTTP status and one line of JSON, before the upgrade. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  /** Fields of the body beside `error` and `message`. */
  readonly details: Readonly<Record<string, unknown>>
  /** Its label in metrics: one of the server's codes, or one word for all codes of modules. */
  readonly label: string
  /** The limit that was exceeded. */
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

  /** Sets the limit that was exceeded. */
  by(limit: Limit): this {
    this.limit = limit
    return this
  }
}

/**
 * A handler throws this to answer the sender with an `error` event of this `code` and `message`. Anything else that a
 * handler throws is reported to the sender as `internal`, and logged with its details.
 */
export class RoomError extends Error {
  readonly code: string
  /** More for the sender: any JSON value. */
  readonly details: unknown

  constructor(code: string, message: string, details?: unknown) {
    super(message)
    this.name = 'RoomError'
    // A module may be plain JavaScript: details that are not JSON must throw here, where the error is still caught.
    this.code = String(code)
    if (details !== undefined) JSON.stringify(details)
    this.details = details
  }

  /** The same error, for one message of a batch. */
  at(index: number): RoomError {
    return new RoomError(this.code, textAt(index, this), this.details)
  }
}

/** The data of a message does not match the module's schema; `issues`: those of the schema. */
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

/** The fields for the sender beside code and message. */
export function extrasOf(error: RoomError): { issues?: readonly unknown[]; details?: unknown } {
  const { details } = error
  return {
    ...(error instanceof InvalidError && { issues: error.issues }),
    ...(details !== undefined && { details }),
  }
}

/** For a line of the server's log: what only cannot be done now is said in words, without where that was noticed. */
export function inWords(error: unknown): { readonly reason: string } | { readonly err: unknown } {
  return error instanceof RoomError && error.code === 'unavailable' ? { reason: error.message } : { err: error }
}

/** The error that answered an earlier message of the same id, of which a part is kept. Thrown on, it is an error like any. */
export class RepeatedError extends RoomError {
  readonly duplicate = true

  override at(index: number): RepeatedError {
    return new RepeatedError(this.code, textAt(index, this))
  }
}

/** A limit was exceeded. */
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
  /** When the client may reconnect, in ms; `reason` says it in words. */
  readonly retryMs?: number
  /** Nothing more of the peer is read. */
  readonly isUnread?: boolean
}

/**
 * Why the server closes a connection: code (RFC 6455, 7.4; IANA registry) and reason. After 1008 a client must not
 * reconnect unchanged.
 */
export const Close = {
  removed: { code: 1001, reason: 'this room was removed' },
  restart: { code: 1012, reason: 'restarting, come back' },
  /** The room has gone from this node; with other nodes its peers follow it on the connections that they have. */
  moved: { code: 1012, reason: 'the room moves, come back' },
  textOnly: { code: 1003, reason: 'this room takes text frames' },
  replaced: { code: 1008, reason: 'the same client connected again' },
  heartbeat: { code: 1008, reason: 'no sign of life after a ping' },
  expired: { code: 1008, reason: 'the token has expired' },
  abuse: { code: 1008, reason: 'sent too much for too long', isUnread: true },
  unfinished: { code: 1008, reason: 'a message was begun and not ended in time', isUnread: true },
  slow: { code: 1013, reason: 'too slow to keep up, come back and resume' },
  busy: { code: 1013, reason: 'too busy, come back later' },
  failed: { code: 1011, reason: 'the room failed' },
  kicked: { code: 4403, reason: 'ended by the operator' },
} as const satisfies Record<string, CloseReason>

/**
 * Wraps any value that a module's code threw, so that its properties (a status, say) are not taken for the server's.
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
 * What a module's code threw, if it is a `RoomError` that can be sent. A module may have changed it or added getters
 * that throw, so it is read once, and the result is a copy.
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
    const text = JSON.stringify(details)
    return new RoomError(code, message, text === undefined ? undefined : JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The HTTP status for each code of an `error` event; a module's own codes are 400. */
const STATUS: Readonly<Record<string, number>> = {
  bad_json: 400,
  bad_message: 400,
  unknown_type: 400,
  invalid: 400,
  rate_limited: 429,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  unavailable: 503,
  internal: 500,
}

/**
 * `isProducer`: to a producer, 403 and 409 are about its epochs and gaps only, so other errors are 400 (protocol,
 * 5.2.1).
 */
export function refusalOf(error: RoomError, isProducer: boolean): Refusal {
  const { code, message } = error
  const usual = (Object.hasOwn(STATUS, code) ? STATUS[code] : undefined) ?? 400
  const status = isProducer && (usual === 403 || usual === 409) ? 400 : usual
  const headers: Record<string, string> = status === 429 || status === 503 ? { 'Retry-After': '1' } : {}
  const label = Object.hasOwn(STATUS, code) ? code : 'module'
  const details = { ...extrasOf(error), ...(error instanceof RepeatedError && { duplicate: error.duplicate }) }
  const refusal = new Refusal(status, code, message, headers, details, label)
  return error instanceof LimitError ? refusal.by(error.limit) : refusal
}

/** The refusal for an error of a module's `admit`. */
export function refusalOfAdmit(error: RoomError): Refusal {
  return new Refusal(403, error.code, error.message, {}, extrasOf(error), 'admit')
}

/** The refusal for a recent error of a module's `join`. */
export function refusalOfJoin(error: RoomError): Refusal {
  return new Refusal(403, error.code, error.message, {}, extrasOf(error), 'join')
}
