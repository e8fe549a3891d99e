/**
 * Which web pages may speak to a room (RFC 6455, 10.2): a browser names the page's origin in each upgrade, and a page
 * of another site is refused unless the room lists it. A request without an Origin is a program, and passes. `schema.ts`
 * checks the listed origins with `listedOrigin`; the gate asks `mayEnter`.
 */

/** `same`: only the host the request was sent to. A list names others beside it; `*` in an entry: one label or more. */
export type Origins = 'same' | '*' | readonly string[]

/** Longer than any host name (RFC 1035, 2.3.4) with a scheme and a port. */
const MAX_LENGTH = 512
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
/** A label that `URL` takes for a name: it stands for the `*` while the rest is read. */
const ANY = 'corridor--any--label'
/** Pages of these schemes have no origin of their own: a browser sends "null". */
const OPAQUE = /^(?:about|blob|data|javascript):/i

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

/**
 * An entry of `origins` as `mayEnter` compares it: lower case, without a default port. Throws a `RangeError` that says
 * what was expected where no page can ever have such an origin.
 */
export function listedOrigin(text: string): string {
  const star = text.indexOf('*')
  if (text === '*') throw new RangeError('expected "*" alone, in place of the list, to let every page in')
  if (text === 'same') throw new RangeError('expected other sites only; pages of the server itself may always come in')
  if (text === 'null')
    throw new RangeError(
      'expected an origin that one site has; any page can be "null", "*" in place of the list takes all',
    )
  if (OPAQUE.test(text)) throw new RangeError('expected another scheme; a browser sends "null" for pages of this one')
  if (/^file:/i.test(text) && !/^file:\/\/\/?$/i.test(text))
    throw new RangeError('expected "file://" alone; a browser does not say which file')
  if (star !== -1 && !/^[^*]*(?:\/\/|\.)\*(?:[.:][^*]*|\/?)$/.test(text))
    throw new RangeError('expected one "*" for whole labels of the host, as in "https://*.example.org"')
  if (star !== -1 && /\.\*/.test(text) && !/\*\./.test(text))
    throw new RangeError('expected a "*" before the end of the host; anyone can have a name that ends in another way')
  const read = readOrigin(text.replace('*', ANY).toLowerCase())
  if (read === undefined || (/^https?:/.test(read) && !(URL.canParse(read) && hasLabels(new URL(read).hostname))))
    throw new RangeError('expected an origin such as "https://example.org", scheme, host and port alone')
  const uniform = /^https?:/.test(read) ? new URL(read).origin : read
  return uniform.replace(ANY, '*')
}

/** What programs write in their own way: `ws` and `wss` for the `http` they begin with, one slash at the end. */
function readOrigin(origin: string): string | undefined {
  if (origin.length > MAX_LENGTH) return undefined
  const [, scheme, host] = /^([a-z][a-z0-9+.-]*):\/\/([^\s/\\?#@,]*)\/?$/.exec(origin) ?? []
  if (scheme === undefined || host === undefined || (host === '' && scheme !== 'file')) return undefined
  return `${scheme.replace(/^ws(s?)$/, 'http$1')}://${host}`
}

function hasLabels(hostname: string): boolean {
  return hostname.startsWith('[') || LABELS.test(hostname.replace(/\.$/, ''))
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
