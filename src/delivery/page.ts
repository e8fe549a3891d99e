/**
 * How much is read or written at once: a page of history is bounded by events and by bytes. The logs limit their pages
 * by it, and a reader continues after the last event; `frame.ts` limits each write to a peer by it.
 */

/** A single event may be larger than the bytes of a page. */
export const PAGE = { events: 500, bytes: 128 * 1024 } as const

/** The first items that fit into `bytes`, at least one. */
export function fitting<T>(items: Iterable<T>, bytesOf: (item: T) => number, bytes: number): T[] {
  const page: T[] = []
  let sum = 0
  for (const item of items) {
    sum += bytesOf(item)
    if (sum > bytes && page.length > 0) break
    page.push(item)
  }
  return page
}
