/**
 * The host names under which the server answers. If a page makes its own host name resolve to this machine (DNS rebinding),
 * it passes every same-origin check; only `Host` still shows the page's name. The gate checks this first, for pages and
 * upgrades alike.
 */

import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'

/** Names that nobody can rebind: IP addresses, and localhost (RFC 6761, 6.3). */
const OWN = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|(?:[a-z0-9_-]+\.)*localhost\.?)(?::\d+)?$/i

/** Throws a `Refusal` 421 (RFC 9110, 15.5.20) for a host name that is not this server's. */
export type HostGuard = (caller: Pick<Caller, 'askedHost' | 'isRebound'>) => void

/**
 * `names`: host names, `*.example.org` for all subdomains, `*` for any; no other names are accepted, from anyone.
 * `undefined`: any name, but on a loopback connection only localhost and addresses, unless a trusted proxy made it.
 */
export function hostGuard(names: readonly string[] | undefined): HostGuard {
  if (names === undefined) return mustBeOwnOnLoopback
  if (names.includes('*')) return () => {}
  return ({ askedHost: host = '' }) => {
    if (OWN.test(host) || isNamed(host, names)) return
    throw new Refusal(
      421,
      'foreign_host',
      'expected a host name of this server; if this is one, add it to ALLOWED_HOSTS',
    )
  }
}

/** Whether a host is localhost or an IP address, with or without a port. */
export function isOwnHost(host: string | undefined): boolean {
  return host !== undefined && OWN.test(host)
}

function mustBeOwnOnLoopback({ isRebound }: Pick<Caller, 'isRebound'>): void {
  if (!isRebound) return
  throw new Refusal(
    421,
    'foreign_host',
    'expected localhost or an IP address as the host name, since the connection comes from this machine; ' +
      'behind a proxy, set TRUST_PROXY to the address of the proxy; otherwise, add the host name to ALLOWED_HOSTS',
  )
}

function isNamed(host: string, names: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  return names.some((known) => (known.startsWith('*.') ? name.endsWith(known.slice(1)) : name === known))
}

/** Throws a `Refusal` 400 for a request without exactly one well-formed Host. */
export function mustNameHost({ host }: Pick<Caller, 'host'>): void {
  if (isHost(host)) return
  throw new Refusal(400, 'bad_host', 'expected one Host header with a host and port')
}

/** One host, with or without a port (RFC 9110, 7.2). */
function isHost(host: string | undefined): boolean {
  return host !== undefined && /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)
}
