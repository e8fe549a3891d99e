/**
 * How much is read or written at once: a page of history is bounded by events and by bytes, whoever reads it. The logs cut
 * their pages by it, and who wants more reads on from the last event; `frame.ts` cuts what is written to a peer.
 */

/** A single event may be larger than the bytes of a page. */
export const PAGE = { events: 500, bytes: 128 * 1024 } as const

/** As many of these as fit into `bytes`, but at least one. */
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
