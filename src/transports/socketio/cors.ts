/**
 * What a page of another origin may read and send while it polls (Fetch, 3.3). The gate has refused origins that no room
 * lists, and asks again for each namespace. `gateway.ts` uses these.
 */
import type { Mount } from '../../config/mount.ts'
import type { Caller } from '../../gate/caller.ts'
import { mayEnter } from '../../gate/origin.ts'

/**
 * `isOld`: a client of version 2, which always asks for credentials, so that its browser shows it no answer without them.
 * They are of no use to it: see `withoutCookie`.
 */
export function corsHeaders(mounts: readonly Mount[], caller: Caller, isOld: boolean): Record<string, string> {
  const headers = { Vary: 'Origin' }
  const { origin } = caller
  const listing = listingOf(mounts, caller)
  if (origin === undefined || listing.length === 0) return headers
  const isNamed = listing.some(({ origins }) => origins !== '*')
  return {
    ...headers,
    'Access-Control-Allow-Origin': isNamed || isOld ? origin : '*',
    ...((isOld || takesCookie(listing)) && { 'Access-Control-Allow-Credentials': 'true' }),
    'Cross-Origin-Resource-Policy': 'cross-origin',
  }
}

/** The caller as a page of its origin may be one: only where it may send cookies, it is known by them. */
export function withoutCookie(mounts: readonly Mount[], caller: Caller): Caller {
  const { origin, askedHost, isSecure } = caller
  if (mayEnter('same', origin, askedHost, isSecure) || takesCookie(listingOf(mounts, caller))) return caller
  return { ...caller, cookie: undefined }
}

/** The rooms that list its origin, or any. */
function listingOf(mounts: readonly Mount[], { origin, askedHost, isSecure }: Caller): readonly Mount[] {
  return mounts.filter(({ origins }) => origins !== 'same' && mayEnter(origins, origin, askedHost, isSecure))
}

function takesCookie(listing: readonly Mount[]): boolean {
  return listing.some(({ origins, auth }) => origins !== '*' && auth?.cookie !== undefined)
}
