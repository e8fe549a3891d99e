/**
 * What becomes of who is not let in, over HTTP and upgrades alike: a refusal is counted by its code and told in a line
 * of debug; anything else that was thrown is our mistake, told in full under an id, and answered without a word of it.
 * No line says what a client sent: of its request it names the line of rooms.json, never path, query or headers.
 */

import type { RoomLogger } from '../define.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../gate/caller.ts'
import type { Gate } from '../gate/gate.ts'
import type { Random } from '../random.ts'
import { wrongType } from './wrong-type.ts'

export interface RefusalParts {
  readonly random: Random
  readonly gate: Gate
  readonly logger: RoomLogger
  /** Counts one; `room`: the line of rooms.json it was for. */
  readonly count: (refusal: Refusal, room?: string) => void
}

export class Refusals {
  readonly #parts: RefusalParts

  constructor(parts: RefusalParts) {
    this.#parts = parts
  }

  /** Counts and logs what was thrown for a request. Returns what to answer. */
  of(error: unknown, caller: Caller): Refusal {
    const { random, gate, logger, count } = this.#parts
    const req = idOf(caller) ?? random.id()
    const room = gate.patternOf(caller)
    const refusal = error instanceof Refusal ? error : refusalOf(error, req)
    count(refusal, room)
    if (refusal.status >= 500 && refusal !== error) logger.error({ req, room, err: error }, 'a request failed')
    else logger.debug({ req, room, ...logFields(refusal) }, 'refused')
    return refusal
  }

  /** The same for what could not be read as a request, by Node's code of the error, and whether its headers were there. */
  ofUnread(error: string | undefined, hadHeaders: boolean): Refusal {
    const refusal = unreadable(error, hadHeaders)
    this.#parts.count(refusal)
    this.#parts.logger.debug(logFields(refusal), 'refused')
    return refusal
  }
}

/** What a proxy we trust calls the request, so that its log and ours can be read side by side. */
function idOf({ requestId }: Caller): string | undefined {
  return requestId !== undefined && /^[\w.:+/=-]{1,128}$/.test(requestId) ? requestId : undefined
}

/** What a line says of it; `limit`: the one that was broken, by its name in rooms.json. */
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
  return new Refusal(400, 'bad_request', 'expected a proper HTTP request')
}

function refusalOf(error: unknown, id: string): Refusal {
  // An error of the HTTP framework knows its status.
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  // Who meets a mistake of ours can say which.
  if (!(statusCode >= 400 && statusCode < 500))
    return new Refusal(500, 'internal', 'the server failed to answer', { 'X-Request-Id': id })
  // A type that is none Fastify refuses itself.
  if (statusCode === 415) return wrongType('expected Content-Type: application/json')
  return new Refusal(statusCode, 'bad_request', 'expected a proper HTTP request')
}
