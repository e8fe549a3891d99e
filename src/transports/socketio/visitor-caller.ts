/**
 * The caller of one namespace: the request that the connection began with, asking for the path of the namespace, with
 * the fields of `auth` as its query. So the gate checks a Socket.IO client by the same rules as any other.
 */
import { Refusal } from '../../errors.ts'
import type { Caller } from '../../gate/caller.ts'
import { isPosition } from '../../log/log.ts'

/** Those of Socket.IO's own; the token goes into a header. */
const NOT_IN_QUERY = new Set(['token', 'pid'])

/** `session`: the private session id, the client id of a client that gives none. Throws a `Refusal` 400. */
export function visitorCaller(
  caller: Caller,
  basePath: string,
  namespace: string,
  auth: Readonly<Record<string, unknown>>,
  session: string | undefined,
): Caller {
  const { token } = auth
  if (token !== undefined && token !== null && typeof token !== 'string')
    throw new Refusal(401, 'bad_token', 'expected text as auth.token')
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(auth)) {
    if (NOT_IN_QUERY.has(key) || value === undefined || value === null) continue
    // A client that resumes by itself takes the last text of a raw room for its offset.
    if (key === 'offset' && 'pid' in auth && !(typeof value === 'string' && isPosition(value))) continue
    if (typeof value === 'string' || typeof value === 'number') query.set(key, String(value))
    else if (['name', 'client', 'offset'].includes(key))
      throw new Refusal(400, `bad_${key}`, `expected text as auth.${key}`)
  }
  if (session !== undefined && !query.has('client')) query.set('client', session)
  return {
    ...caller,
    target: `${basePath}${encodedPath(namespace)}?${query}`,
    ...(token && { authorization: `Bearer ${token}` }),
    protocols: [],
  }
}

/** The path of a namespace as a URL has it; what is percent-encoded already stays so. */
function encodedPath(namespace: string): string {
  return namespace
    .toWellFormed()
    .replaceAll(/[^\x21-\x7e]|[\\#|<>"^`{}?]|%(?![0-9A-Fa-f]{2})/gu, (character) => encodeURIComponent(character))
}
