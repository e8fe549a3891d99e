/**
 * Which web pages may speak to a room (RFC 6455, 10.2): a browser names the page's origin in each upgrade, and a page
 * of another site is refused unless the room lists it. A request without an Origin is a program, and passes.
 */

/** `same`: the origin must be the host the request was sent to. A list is compared exactly. */
export type Origins = 'same' | '*' | readonly string[]

/** `secure`: whether the client's connection was TLS; `undefined` where a proxy may have ended it unseen. */
export function mayEnter(
  origins: Origins,
  origin: string | undefined,
  host: string | undefined,
  secure?: boolean,
): boolean {
  if (origin === undefined || origins === '*') return true
  if (origins === 'same') return isSame(origin, host, secure)
  return origins.includes(origin)
}

function isSame(origin: string, host: string | undefined, secure: boolean | undefined): boolean {
  const match = /^(https?):\/\/([^/?#@\s,]+)$/.exec(origin)
  if (!match?.[1] || !match[2] || !host) return false
  if (secure !== undefined && secure !== (match[1] === 'https')) return false
  const port = match[1] === 'https' ? ':443' : ':80'
  return withPort(match[2], port) === withPort(host, port)
}

function withPort(host: string, port: string): string {
  const lower = host.toLowerCase()
  return /:\d+$/.test(lower) ? lower : lower + port
}
