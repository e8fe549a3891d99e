/**
 * The identity of a caller: id, name, client and offset from its query and its pass; and the choice of a subprotocol.
 * `gate.ts` and `streams/` call it; `websocket.ts` chooses the subprotocol again when it answers.
 */
import { Refusal } from '../errors.ts'
import { isPosition } from '../log/log.ts'
import type { Visitor } from '../room/session.ts'
import type { GuestId } from './guest-ids.ts'
import type { Pass } from './pass.ts'

export interface Identity {
  readonly visitor: Visitor
  readonly offset: string | undefined
}

const MAX_NAME_LENGTH = 40
/** Our client offers this beside its token, since a browser fails a connection if none of its offers is selected. */
const COMPANION = 'corridor'

/** The subprotocol to select: the first offered one that the room knows (RFC 6455, 4.2.2). */
export function chooseProtocol(offered: Iterable<string>, known: readonly string[]): string | undefined {
  let isCompanion = false
  for (const protocol of offered) {
    if (known.includes(protocol)) return protocol
    isCompanion ||= protocol === COMPANION
  }
  return isCompanion ? COMPANION : undefined
}

/** The identity given by query and pass. Throws a `Refusal` 400. */
export function identityOf(query: URLSearchParams, guestId: GuestId, pass?: Pass): Identity {
  if (query.size === 0 && !pass) return { visitor: guest(guestId), offset: undefined }
  for (const key of ['name', 'client', 'offset']) {
    if (query.getAll(key).length > 1) throw new Refusal(400, `bad_${key}`, `expected "${key}" once`)
  }
  const { sub, name: claimed } = pass?.claims ?? {}
  const client = query.get('client') ?? undefined
  if (client !== undefined && !/^[\x21-\x7e]{1,128}$/.test(client)) {
    throw new Refusal(400, 'bad_client', 'expected a client id of 1 to 128 visible ASCII characters')
  }
  const id = sub ?? guestId(client)
  // With a token, only the token names the peer.
  const asked = pass ? undefined : query.get('name')?.trim()
  const name = nameIn(claimed) ?? nameIn(sub) ?? asked ?? `guest-${id.slice(0, 4)}`
  if (!isText(name, MAX_NAME_LENGTH))
    throw new Refusal(400, 'bad_name', `expected a name of 1 to ${MAX_NAME_LENGTH} characters`)
  const offset = query.get('offset') ?? undefined
  if (offset !== undefined && !isPosition(offset)) {
    throw new Refusal(400, 'bad_offset', 'expected offset=-1, offset=now or an offset as a room gave it')
  }
  const { claims, untilMs } = pass ?? {}
  return { visitor: { id, name, client: scoped(client, sub), claims, untilMs }, offset }
}

/** A caller without token and query. */
function guest(guestId: GuestId): Visitor {
  const id = guestId(undefined)
  return { id, name: `guest-${id.slice(0, 4)}` }
}

/** The claim, if it is a name that can be displayed. */
function nameIn(claim: unknown): string | undefined {
  return typeof claim === 'string' && isText(claim, MAX_NAME_LENGTH) ? claim : undefined
}

/**
 * Scopes an id that a client chose to its principal (the token's `sub`), so that nobody else can use it; the length
 * separates the two. A guest's id stays unscoped, escaped if it looks scoped.
 */
export function scoped<Id extends string | undefined>(id: Id, principal: string | undefined): Id | string {
  if (id === undefined) return id
  if (principal !== undefined) return `${principal.length} ${principal} ${id}`
  return /^\d+ /.test(id) ? `0 ${id}` : id
}

/** Whether text can be displayed on one line: something visible, no control characters, no unpaired surrogates. */
function isText(text: string, maxLength: number): boolean {
  // Invalid UTF-8 in a query is decoded as U+FFFD.
  if (!text.isWellFormed() || text.includes('\ufffd') || !/[\p{L}\p{N}\p{P}\p{S}]/u.test(text)) return false
  return [...text].length <= maxLength && !/[\p{Cc}\u2028\u2029]/u.test(text)
}
