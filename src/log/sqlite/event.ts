/** An event as a row of the database: its JSON text with a checksum. `store.ts` writes rows and reads pages of them. */
import { crc32 } from 'node:zlib'
import { fitting } from '../../delivery/page.ts'
import { eventParts, eventText } from '../../delivery/payload.ts'
import type { Row } from './file.ts'

export interface StoredEvent {
  readonly seq: number
  readonly time: number
  readonly type: string
  /** JSON text. */
  readonly data: string
}

/** The stored text of an event and its checksum. */
export function rowOf({ seq, time, type, data }: StoredEvent): { json: string; crc: number } {
  const json = eventText(type, seq, time, data)
  return { json, crc: crc32(json) }
}

/** The first rows that fit into `bytes`, at least one. Throws if one is damaged. */
export function pageOf(rows: Iterable<Row>, bytes: number): StoredEvent[] {
  return fitting(rows, ({ json }) => Buffer.byteLength(String(json)), bytes).map(checked)
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

/** The event of a row. Throws if the disk changed it. */
function checked(row: Row): StoredEvent {
  const [seq, time, json] = [Number(row.seq), Number(row.time), String(row.json)]
  const parts = crc32(json) === row.crc ? eventParts(json, seq, time) : undefined
  if (!parts) throw new Error(`event ${seq} is damaged on disk`)
  return { seq, time, ...parts }
}
