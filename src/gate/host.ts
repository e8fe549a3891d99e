/**
 * Under which names the server answers. A page that makes its own host name lead to this machine (DNS rebinding) is of
 * the same origin as the server to every check but this one: its requests still carry the page's name in `Host`. The
 * gate asks here first, for pages and upgrades alike.
 */

import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'

/** Nobody can make these lead elsewhere: addresses, and the names of this machine (RFC 6761, 6.3). */
const OWN = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|(?:[a-z0-9_-]+\.)*localhost\.?)(?::\d+)?$/i

/** Throws a `Refusal` 421 (RFC 9110, 15.5.20) for a name that is not ours. */
export type HostGuard = (caller: Pick<Caller, 'askedHost' | 'isRebound'>) => void

/**
 * `names`: host names, `*.example.org` for all under one, `*` for any; then no other name is answered, whoever asks.
 * `undefined`: any name, but on a loopback connection only this machine's own, unless a proxy we trust made it.
 */
export function hostGuard(names: readonly string[] | undefined): HostGuard {
  if (names === undefined) return mustBeOwnOnLoopback
  if (names.includes('*')) return () => {}
  return ({ askedHost: host = '' }) => {
    if (OWN.test(host) || isNamed(host, names)) return
    throw new Refusal(
      421,
      'foreign_host',
      'this server does not answer under this host name; ALLOWED_HOSTS names those it has',
    )
  }
}

/** Whether a host is this machine's own name or an address, which nobody can make lead elsewhere. */
export function isOwnHost(host: string | undefined): boolean {
  return host !== undefined && OWN.test(host)
}

function mustBeOwnOnLoopback({ isRebound }: Pick<Caller, 'isRebound'>): void {
  if (!isRebound) return
  throw new Refusal(
    421,
    'foreign_host',
    'expected localhost or an address as the host of a connection from this machine; ' +
      'behind a proxy set TRUST_PROXY to its address, else name the host in ALLOWED_HOSTS',
  )
}

function isNamed(host: string, names: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  return names.some((known) => (known.startsWith('*.') ? name.endsWith(known.slice(1)) : name === known))
}

/** Throws a `Refusal` 400 for a request that does not say for which host it is, or says it twice. */
export function mustNameHost({ host }: Pick<Caller, 'host'>): void {
  if (isHost(host)) return
  throw new Refusal(400, 'bad_host', 'expected one Host header with a host and port')
}

/** One host, with or without a port (RFC 9110, 7.2). */
function isHost(host: string | undefined): boolean {
  return host !== undefined && /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)
}
