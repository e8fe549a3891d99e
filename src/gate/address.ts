/** One spelling for each address, and the key by which quotas count it. `caller-reader.ts` reads the address itself. */
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]` (RFC 7239, 6). */
const WITH_PORT = /^(?:(\d+(?:\.\d+){3}):\d+|\[([0-9a-f:.]+)\](?::\d+)?)$/i

/** The canonical spelling of an address: IPv4-mapped IPv6 as IPv4, without the port that some proxies add. `unknown` if invalid. */
export function canonical(address: string | undefined): string {
  // The socket's own IPv4 address is in this spelling already.
  if (address && isIPv4(address)) return address
  const bare = address && (WITH_PORT.exec(address)?.slice(1).find(Boolean) ?? address)
  if (!bare || !ipaddr.isValid(bare)) return 'unknown'
  return ipaddr.process(bare).toString()
}

/** The key for quotas: an IPv4 address, or the /64 network of an IPv6 address, which is one customer's. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  return ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
