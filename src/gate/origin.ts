/**
 * The origin check (RFC 6455, 10.2). A browser sends the page's origin; a page of another origin is refused unless the room
 * lists it. A request without an Origin comes from a program, and passes. The gate calls `mayEnter`; `listed-origin.ts`
 * checks the list itself.
 */
import { LABELS, type Origins, readOrigin } from '../config/listed-origin.ts'

/** `secure`: whether the client's connection is TLS; `undefined`: unknown, since a proxy may have terminated TLS. */
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
