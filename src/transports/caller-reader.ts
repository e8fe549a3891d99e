/**
 * Reads a `Caller` from an HTTP request, once. Reads, pages and upgrades follow the same rules. `X-Forwarded-*` headers are
 * trusted only from proxies named in `TRUST_PROXY`.
 */
import type { IncomingMessage } from 'node:http'
import proxyAddr from 'proxy-addr'
import { canonical } from '../gate/address.ts'
import type { Caller, Handshake } from '../gate/caller.ts'
import { isOwnHost } from '../gate/host.ts'

export type CallerOf = (request: IncomingMessage) => Caller

type Trust = (address: string, distance: number) => boolean

const LOOPBACK = /^(?:::1$|(?:::ffff:)?127\.)/
const NO_PROTOCOLS: readonly string[] = Object.freeze([])

/**
 * `trusted`: addresses, CIDRs, or proxy-addr's names (`loopback`, `uniquelocal`, …). `handedOn`: the caller of a request
 * that another node has handed on.
 */
export function callerReader(
  trusted: string[],
  handedOn: (request: IncomingMessage) => Caller | undefined = () => undefined,
): CallerOf {
  const trust = trusted.length === 0 ? undefined : proxyAddr.compile(trusted)
  return (request) => handedOn(request) ?? callerOf(request, trust)
}

function callerOf(request: IncomingMessage, trust: Trust | undefined): Caller {
  const { headers, socket } = request
  const { remoteAddress } = socket
  const isTrusted = trust?.(remoteAddress ?? '', 0) === true
  const host = countOf('host', request.rawHeaders) === 1 ? headers.host : undefined
  // From a proxy only "https" is conclusive: another proxy before it may have terminated TLS.
  const isSecure = 'encrypted' in socket || (isTrusted && first(headers['x-forwarded-proto']) === 'https')
  const requestId = isTrusted ? headers['x-request-id'] : undefined
  return {
    address: canonical(trust ? proxyAddr(request, trust) : remoteAddress),
    target: request.url,
    host,
    askedHost: (isTrusted ? first(headers['x-forwarded-host']) : undefined) ?? host,
    isRebound: !isTrusted && !isOwnHost(host) && LOOPBACK.test(socket.localAddress ?? ''),
    isSecure: isSecure || undefined,
    origin: headers.origin,
    authorization: headers.authorization,
    cookie: headers.cookie,
    protocols: protocolsOf(headers['sec-websocket-protocol']),
    requestId: typeof requestId === 'string' ? requestId : undefined,
  }
}

export function handshakeOf({ method, httpVersion, headers }: IncomingMessage): Handshake {
  const length = headers['content-length']
  return {
    method,
    httpVersion,
    hasBody: headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0'),
    version: headers['sec-websocket-version'],
    key: headers['sec-websocket-key'],
  }
}

function protocolsOf(header: string | undefined): readonly string[] {
  return header === undefined || header.trim() === ''
    ? NO_PROTOCOLS
    : header.split(',').map((protocol) => protocol.trim())
}

/** With several proxies, the first value is from the one next to the client. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim()
}

/** How often a header occurs: Node keeps only the first Host, while a proxy may use the last. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]
    if (header?.length === name.length && header.toLowerCase() === name) count += 1
  }
  return count
}
