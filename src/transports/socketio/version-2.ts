/**
 * What clients of version 2 do in their own way: they have no `auth`, so that their query is taken for it, that of the
 * connection as well as that of the namespace, as their server did.
 */

import type { NamespaceRequest } from './socketio-internals.ts'

/** What Engine.IO puts into the query of a connection. */
const OF_THE_ENGINE = new Set(['EIO', 'transport', 'sid', 't', 'j', 'b64'])

/**
 * The namespace in a packet, in the spelling of the client, which ignores every packet with another one; in a connect it
 * has a query.
 */
export function requestOf(nsp: string): NamespaceRequest {
  const [namespace = '/', query] = split(nsp)
  return { namespace, authPayload: fieldsOf(query) }
}

/** The fields of `auth` of a client; `target`: the URL of its connection. */
export function authOf(
  target: string | undefined,
  payload: NamespaceRequest['authPayload'],
): NamespaceRequest['authPayload'] {
  const [, query] = split(target ?? '')
  return { ...fieldsOf(query), ...payload }
}

function split(url: string): [string, string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function fieldsOf(query: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(query)].filter(([key]) => !OF_THE_ENGINE.has(key)))
}
