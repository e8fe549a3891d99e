/**
 * Who comes to a room, and how they want to be spoken to: what the query and the token say of a peer, and which
 * subprotocol is chosen. `gate.ts` asks; transports ask for the subprotocol again when they answer.
 */
import { Refusal } from '../errors.ts'
import { isPosition } from '../log/log.ts'
import type { Random } from '../random.ts'
import type { Visitor } from '../room/session.ts'
import type { Pass } from './pass.ts'

export interface Identity {
  readonly visitor: Visitor
  readonly offset: string | undefined
}

const MAX_NAME_LENGTH = 40
/** What our client offers beside its token, since a browser fails a connection whose offers were all passed over. */
const COMPANION = 'corridor'

/** The subprotocol to speak: the first offered that the room knows (RFC 6455, 4.2.2). */
export function chooseProtocol(offered: Iterable<string>, known: readonly string[]): string | undefined {
  let isCompanion = false
  for (const protocol of offered) {
    if (known.includes(protocol)) return protocol
    isCompanion ||= protocol === COMPANION
  }
  return isCompanion ? COMPANION : undefined
}

/** Who comes: what the query says of the peer, and its token where it has one. Throws a `Refusal` 400. */
export function identityOf(query: URLSearchParams, random: Random, pass?: Pass): Identity {
  if (query.size === 0 && !pass) return { visitor: guest(random), offset: undefined }
  for (const key of ['name', 'client', 'offset']) {
    if (query.getAll(key).length > 1) throw new Refusal(400, `bad_${key}`, `expected "${key}" once`)
  }
  const { sub, name: told } = pass?.claims ?? {}
  const id = sub ?? random.id()
  // Who brings a token is called what it says, or nothing in particular, but never what they like.
  const asked = pass ? undefined : query.get('name')?.trim()
  const name = nameIn(told) ?? nameIn(sub) ?? asked ?? `guest-${id.slice(0, 4)}`
  if (!isText(name, MAX_NAME_LENGTH))
    throw new Refusal(400, 'bad_name', `expected a name of 1 to ${MAX_NAME_LENGTH} characters`)
  const client = query.get('client') ?? undefined
  if (client !== undefined && !/^[\x21-\x7e]{1,128}$/.test(client)) {
    throw new Refusal(400, 'bad_client', 'expected a client id of 1 to 128 visible ASCII characters')
  }
  const offset = query.get('offset') ?? undefined
  if (offset !== undefined && !isPosition(offset)) {
    throw new Refusal(400, 'bad_offset', 'expected offset=-1, offset=now or an offset as a room gave it')
  }
  const { claims, untilMs } = pass ?? {}
  return { visitor: { id, name, client: scoped(client, sub), claims, untilMs }, offset }
}

/** Somebody of whom nothing is known. */
function guest(random: Random): Visitor {
  const id = random.id()
  return { id, name: `guest-${id.slice(0, 4)}` }
}

/** A name that a token says, where it can be shown. */
function nameIn(claim: unknown): string | undefined {
  return typeof claim === 'string' && isText(claim, MAX_NAME_LENGTH) ? claim : undefined
}

/**
 * An id that a client chose means nothing beyond its principal, or a stranger could speak for it; the length keeps the two
 * apart. A guest's stays as it is, unless it looks like a principal's.
 */
export function scoped<Id extends string | undefined>(id: Id, principal: string | undefined): Id | string {
  if (id === undefined) return id
  if (principal !== undefined) return `${principal.length} ${principal} ${id}`
  return /^\d+ /.test(id) ? `0 ${id}` : id
}

/** Text that can be shown on one line: something to see, no control characters, no half characters. */
function isText(text: string, maxLength: number): boolean {
  // What a query said in bytes that are no UTF-8 arrives as U+FFFD.
  if (!text.isWellFormed() || text.includes('\ufffd') || !/[\p{L}\p{N}\p{P}\p{S}]/u.test(text)) return false
  return [...text].length <= maxLength && !/[\p{Cc}\u2028\u2029]/u.test(text)
}
