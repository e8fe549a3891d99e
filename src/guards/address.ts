/**
 * Who is at the other end: the address of the connection, or what a proxy we trust says of it. The same rule serves
 * HTTP and upgrades. Nothing in a header is believed unless `TRUST_PROXY` names the proxy that sent it.
 */
import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import proxyAddr from 'proxy-addr'

/** `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]` (RFC 7239, 6). */
const WITH_PORT = /^(?:(\d+(?:\.\d+){3}):\d+|\[([0-9a-f:.]+)\](?::\d+)?)$/i

export type AddressOf = (request: IncomingMessage) => string

/** `trusted`: addresses, CIDRs, or proxy-addr's names (`loopback`, `uniquelocal`, …). */
export function addressReader(trusted: string[]): AddressOf {
  if (trusted.length === 0) return ({ socket }) => canonical(socket.remoteAddress)
  const trust = proxyAddr.compile(trusted)
  return (request) => canonical(proxyAddr(request, trust))
}

/** Whether the request came through a proxy we trust, so that its `X-Forwarded-*` may be read. */
export function proxyTrust(trusted: string[]): (request: IncomingMessage) => boolean {
  if (trusted.length === 0) return () => false
  const trust = proxyAddr.compile(trusted)
  return (request) => trust(request.socket.remoteAddress ?? '', 0)
}

/** One spelling for an address: IPv4 in IPv6 as IPv4, without the port that some proxies write, the rest as it is. */
function canonical(address: string | undefined): string {
  // What the socket itself says of an IPv4 peer is in this spelling already.
  if (address && isIPv4(address)) return address
  const bare = address && (WITH_PORT.exec(address)?.slice(1).find(Boolean) ?? address)
  if (!bare || !ipaddr.isValid(bare)) return 'unknown'
  return ipaddr.process(bare).toString()
}

/** What limits count by: an IPv4 address, or the /64 that one IPv6 customer has. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  return ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
