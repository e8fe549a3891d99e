/** An event as a log keeps it, and whether a page of them is whole. The logs that keep more than memory read pages. */

export interface StoredEvent {
  readonly seq: number
  readonly time: number
  readonly type: string
  /** JSON text. */
  readonly data: string
}

/**
 * The page after `after`, as it was read. Throws if an event is missing between two of it, or if it is empty although
 * nothing was trimmed (`kept`: the oldest event kept): a client that reads on would never come further.
 */
export function wholePage(events: readonly StoredEvent[], after: number, kept: number): readonly StoredEvent[] {
  const first = events[0]?.seq ?? after + 1
  const hole = events.findIndex(({ seq }, index) => seq !== first + index)
  const isMissing = hole >= 0 || (events.length === 0 && kept <= first)
  if (isMissing) throw new Error(`event ${first + Math.max(0, hole)} is missing on disk`)
  return events
}

/** The events at the end, without a hole, that lead up to `seq`. */
export function newestWhole(events: readonly StoredEvent[], seq: number): readonly StoredEvent[] {
  const from = events.findLastIndex((event, index) => event.seq !== seq - (events.length - 1 - index)) + 1
  return events.slice(from)
}
