/** One spelling for each address, and what limits count by. Whose address it is, the transport has read (`Caller`). */
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]` (RFC 7239, 6). */
const WITH_PORT = /^(?:(\d+(?:\.\d+){3}):\d+|\[([0-9a-f:.]+)\](?::\d+)?)$/i

/** One spelling for an address: IPv4 in IPv6 as IPv4, without the port that some proxies write, the rest as it is. */
export function canonical(address: string | undefined): string {
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
