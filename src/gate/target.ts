/**
 * Parses the request target into path and query, or refuses it. Pages, reads and upgrades follow the same rules, so that no
 * two routers disagree about a path (RFC 9112, 3.2: origin-form only).
 */
import { Refusal } from '../errors.ts'

export interface Target {
  /** Not decoded, without the base path and without a trailing slash: `/r/tea`. */
  readonly path: string
  readonly query: URLSearchParams
}

const MAX_TARGET_LENGTH = 4096
/** Shared: queries are only read. */
const NO_QUERY = new URLSearchParams()
/** Most paths have only these characters and no dot segments, so there is nothing to decode. */
const SIMPLE = /^(\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$|^\/$/

/** Throws a `Refusal` 400 for an invalid path, 404 outside the base path. */
export function parseTarget(url: string | undefined, basePath: string): Target {
  if (!url?.startsWith('/')) throw new Refusal(400, 'bad_target', 'expected a path that begins with "/"')
  if (url.length > MAX_TARGET_LENGTH) {
    throw new Refusal(400, 'bad_target', `expected at most ${MAX_TARGET_LENGTH} characters, got ${url.length}`)
  }
  const mark = url.indexOf('?')
  const full = mark < 0 ? url : url.slice(0, mark)
  if (!isPlainPath(full))
    throw new Refusal(400, 'bad_target', 'expected a path without empty, dot or wrongly encoded parts')
  if (basePath && full !== basePath && !full.startsWith(`${basePath}/`)) {
    throw new Refusal(404, 'no_such_room', `expected a path under ${basePath}/`)
  }
  return {
    path: withoutSlash(full.slice(basePath.length)),
    query: mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1)),
  }
}

/** One trailing slash makes no difference: people and proxies add it. */
function withoutSlash(path: string): string {
  return (path.endsWith('/') ? path.slice(0, -1) : path) || '/'
}

/** Whether every proxy and router reads this path alike: nothing to collapse, resolve or decode twice. */
function isPlainPath(path: string): boolean {
  if (SIMPLE.test(path)) return true
  if (!/^[\x21-\x7e]+$/.test(path) || /[\\#|<>"^`{}]/.test(path) || path.includes('//')) return false
  return path.split('/').every((segment) => {
    const text = decoded(segment)
    if (text === undefined || text === '.' || text === '..') return false
    return !/[/\\\p{Cc}]/u.test(text)
  })
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
