/**
 * Origins of web pages, as a room lists them and as browsers send them. `setting-kinds.ts` checks the list;
 * `gate/origin.ts` compares.
 */

/** `same`: only the host that the request was sent to. A list adds others; `*` in an entry is one label or more. */
export type Origins = 'same' | '*' | readonly string[]

/** Longer than any host name (RFC 1035, 2.3.4) with a scheme and a port. */
const MAX_LENGTH = 512
/** Labels of a host name. */
export const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
/** A label that `URL` accepts: it replaces the `*` while the rest is parsed. */
const ANY = 'corridor--any--label'
/** Pages of these schemes have no origin of their own: a browser sends "null". */
const OPAQUE = /^(?:about|blob|data|javascript):/i

/**
 * An entry of `origins` as `mayEnter` compares it: lower case, without a default port. Throws a `RangeError` that says
 * what was expected if no page can have such an origin.
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

/** Normalises what some clients send: `ws` and `wss` instead of `http` and `https`, a slash at the end. */
export function readOrigin(origin: string): string | undefined {
  if (origin.length > MAX_LENGTH) return undefined
  const [, scheme, host] = /^([a-z][a-z0-9+.-]*):\/\/([^\s/\\?#@,]*)\/?$/.exec(origin) ?? []
  if (scheme === undefined || host === undefined || (host === '' && scheme !== 'file')) return undefined
  return `${scheme.replace(/^ws(s?)$/, 'http$1')}://${host}`
}

function hasLabels(hostname: string): boolean {
  return hostname.startsWith('[') || LABELS.test(hostname.replace(/\.$/, ''))
}
