/**
 * Turns the path an application gives into the URL of the room. Used by `client.ts`.
 */

/**
 * Resolves `/chat` below `base` (default in a browser: the page's base), or takes a full `http(s)` or `ws(s)` URL.
 * Throws a `TypeError` for a path without any base.
 */
export function resolve(path: string, base: string | URL | undefined): URL {
  const from = base ?? globalThis.document?.baseURI
  if (!from && !URL.canParse(path)) {
    throw new TypeError(`expected a full URL such as "http://127.0.0.1:3000/chat" or the option url, got "${path}"`)
  }
  if (!from) return new URL(path)
  const folder = new URL(from)
  if (base && !folder.pathname.endsWith('/')) folder.pathname += '/'
  // Without its leading slash the path is relative to the base, which may have a sub-path.
  return new URL(path.replace(/^\/+/, ''), folder)
}

/** Returns a copy of `base` with these query parameters; `undefined` ones are left out. */
export function withQuery(base: URL, query: Record<string, string | undefined>): URL {
  const url = new URL(base)
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value)
  return url
}
