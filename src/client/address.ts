/**
 * From the path an application gives to the URL of the room. Used by `client.ts`.
 */

/** `/chat` below the base (in a browser by default the page's), or a full `http(s)` or `ws(s)` URL. */
export function resolve(path: string, base: string | URL | undefined): URL {
  const from = base ?? globalThis.document?.baseURI
  if (!from && !URL.canParse(path)) {
    throw new TypeError(`expected a full URL such as "http://127.0.0.1:3000/chat" or the option url, got "${path}"`)
  }
  if (!from) return new URL(path)
  const folder = new URL(from)
  if (base && !folder.pathname.endsWith('/')) folder.pathname += '/'
  // Without its slash a path begins at the base, which may stand under a sub-path.
  return new URL(path.replace(/^\/+/, ''), folder)
}

/** The same address with a query; what is `undefined` is left out. */
export function withQuery(base: URL, query: Record<string, string | undefined>): URL {
  const url = new URL(base)
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value)
  return url
}
