/**
 * Counts and logs refused requests, of plain HTTP and upgrades alike. A refusal is counted by its code and logged at debug
 * level. Any other error is a server error: it is logged in full under a request id, and the answer has no details. Log
 * lines never contain what a client sent: only the pattern of rooms.json, not path, query or headers.
 */

import type { RoomLogger } from '../define.ts'
import { Refusal, refusalOf, roomErrorOf } from '../errors.ts'
import type { Caller } from '../gate/caller.ts'
import type { Gate } from '../gate/gate.ts'
import type { Random } from '../random.ts'
import { wrongType } from './wrong-type.ts'

export interface RefusalParts {
  readonly random: Random
  readonly gate: Gate
  readonly logger: RoomLogger
  /** Counts one refusal; `room`: the matching pattern of rooms.json. */
  readonly count: (refusal: Refusal, room?: string) => void
}

export class Refusals {
  readonly #parts: RefusalParts

  constructor(parts: RefusalParts) {
    this.#parts = parts
  }

  /** Counts and logs an error thrown for a request. Returns the refusal to answer with. */
  of(error: unknown, caller: Caller): Refusal {
    const { random, gate, logger, count } = this.#parts
    const req = idOf(caller) ?? random.id()
    const room = gate.patternOf(caller)
    const refusal = error instanceof Refusal ? error : refusalFor(error, req)
    count(refusal, room)
    if (refusal.code === 'internal' && refusal !== error) logger.error({ req, room, err: error }, 'a request failed')
    else logger.debug({ req, room, ...logFields(refusal) }, 'refused')
    return refusal
  }

  /** The same for a request that Node could not parse; `error`: Node's error code, `hadHeaders`: its headers were complete. */
  ofUnread(error: string | undefined, hadHeaders: boolean): Refusal {
    const refusal = unreadable(error, hadHeaders)
    this.#parts.count(refusal)
    this.#parts.logger.debug(logFields(refusal), 'refused')
    return refusal
  }
}

/** The request id of a trusted proxy, so that its log and ours can be matched. */
function idOf({ requestId }: Caller): string | undefined {
  return requestId !== undefined && /^[\w.:+/=-]{1,128}$/.test(requestId) ? requestId : undefined
}

/** The log fields of a refusal; `limit`: the exceeded limit, by its key in rooms.json. */
function logFields({ status, code, limit }: Refusal) {
  return limit ? { status, code, limit } : { status, code }
}

function unreadable(error: string | undefined, hadHeaders: boolean): Refusal {
  if (error === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const late = new Refusal(408, 'too_late', 'expected the whole request in time')
    return late.by(hadHeaders ? 'server.limits.requestTimeout' : 'server.limits.headersTimeout')
  }
  if (error === 'HPE_HEADER_OVERFLOW') return new Refusal(431, 'too_large', 'expected shorter headers')
  if (error === 'HPE_INVALID_URL') {
    const expected = 'expected a path and query of ASCII characters alone; percent-encode all others: "ë" is "%C3%AB"'
    return new Refusal(400, 'bad_target', expected)
  }
  return new Refusal(400, 'bad_request', 'expected a well-formed HTTP request')
}

function refusalFor(error: unknown, id: string): Refusal {
  const roomError = roomErrorOf(error)
  if (roomError) return refusalOf(roomError, false)
  // Fastify's own errors have a status.
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  // With this id a user can report a server error.
  if (!(statusCode >= 400 && statusCode < 500))
    return new Refusal(500, 'internal', 'the server failed to answer', { 'X-Request-Id': id })
  // Fastify itself refuses a malformed Content-Type.
  if (statusCode === 415) return wrongType('expected Content-Type: application/json')
  if (statusCode === 413) return new Refusal(413, 'too_large', 'expected a smaller body')
  return new Refusal(statusCode, 'bad_request', 'expected a well-formed HTTP request')
}
