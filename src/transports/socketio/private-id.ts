/**
 * The private session id (`pid`) of a client of 4.6 or newer: a secret that it gets with each connect and sends back when
 * it reconnects. It has two parts, `<client>.<session>`. The first stays the same, and counts as the client's id where it
 * gave none, so that its membership and the ids of its messages outlive its connections even if the log cannot be resumed.
 * The second is new unless it was resumed: a client that gets the same pid again takes that for a recovery.
 *
 * Nothing is kept of it. A forged pid is no more than a client id that somebody chose.
 */
import { isPosition, offset as offsetOf } from '../../log/log.ts'
import type { Random } from '../../random.ts'

const PRIVATE_ID = /^([\w-]{24})\.[\w-]{8}$/
/** The bytes of a part; in base64url the lengths above. */
const CLIENT_BYTES = 18
const SESSION_BYTES = 6
/** Of no log, so that whoever comes with it is told that its past is unknown. */
const UNKNOWN_OFFSET = offsetOf('0'.repeat(32), 0)

export class PrivateId {
  /** What counts as `client` where the caller gave none. */
  readonly client: string
  readonly #given: string | undefined
  readonly #random: Random

  /** `given`: what the client sent, if anything. What this server would not have given is ignored. */
  constructor(given: unknown, random: Random) {
    const known = typeof given === 'string' ? PRIVATE_ID.exec(given) : null
    this.client = known?.[1] ?? token(random, CLIENT_BYTES)
    this.#given = known?.[0]
    this.#random = random
  }

  /** The pid to answer the connect with: by it the client knows whether it was recovered. */
  answer(isResumed: boolean): string {
    if (isResumed && this.#given !== undefined) return this.#given
    return `${this.client}.${token(this.#random, SESSION_BYTES)}`
  }
}

/**
 * The offset that a client asks to resume at. With a `pid` it is the last string that the client got as an argument, which
 * may be of another server at this address: then the log is unknown, and the client is no more refused than a newcomer.
 */
export function requestedOffset({ pid, offset }: Readonly<Record<string, unknown>>): unknown {
  if (typeof pid !== 'string' || typeof offset !== 'string' || isPosition(offset)) return offset
  return UNKNOWN_OFFSET
}

function token(random: Random, bytes: number): string {
  return random.bytes(bytes).toString('base64url')
}
