/**
 * Which web pages may speak to a room (RFC 6455, 10.2): a browser names the page's origin in each upgrade, and a page
 * of another site is refused unless the room lists it. A request without an Origin is a program, and passes. The gate
 * asks `mayEnter`; `listed-origin.ts` checks what a room lists.
 */
import { LABELS, type Origins, readOrigin } from '../config/listed-origin.ts'

/** `secure`: whether the client's connection was TLS; `undefined` where a proxy may have ended it unseen. */
export function mayEnter(
  origins: Origins,
  origin: string | undefined,
  host: string | undefined,
  secure?: boolean,
): boolean {
  if (origin === undefined || origins === '*') return true
  const read = readOrigin(origin)
  if (read === undefined) return false
  if (origins !== 'same' && origins.some((listed) => matches(listed, read))) return true
  return isSame(read, host, secure)
}

function matches(listed: string, origin: string): boolean {
  const star = listed.indexOf('*')
  if (star === -1) return listed === origin
  const [before, after] = [listed.slice(0, star), listed.slice(star + 1)]
  if (origin.length <= before.length + after.length || !origin.startsWith(before) || !origin.endsWith(after))
    return false
  return LABELS.test(origin.slice(before.length, origin.length - after.length))
}

function isSame(origin: string, host: string | undefined, secure: boolean | undefined): boolean {
  const [, scheme, own] = /^(https?):\/\/(.+)$/.exec(origin) ?? []
  if (scheme === undefined || own === undefined || !host) return false
  if (secure !== undefined && secure !== (scheme === 'https')) return false
  const port = scheme === 'https' ? ':443' : ':80'
  return withPort(own, port) === withPort(host, port)
}

function withPort(host: string, port: string): string {
  const lower = host.toLowerCase()
  return /:\d+$/.test(lower) ? lower : lower + port
}
