/**
 * An event as it lies in the file, with a checksum: `sqlite-store.ts` reads pages of them.
 */
import { crc32 } from 'node:zlib'
import type { Row } from './sqlite-file.ts'

export interface StoredEvent {
  readonly seq: number
  readonly time: number
  readonly json: string
}

/** As many of these rows as make up `length` characters, but at least one. */
export function fitting(rows: Iterable<Row>, length: number): StoredEvent[] {
  const events: StoredEvent[] = []
  let sum = 0
  for (const row of rows) {
    const event = checked(row)
    sum += event.json.length
    if (sum > length && events.length > 0) break
    events.push(event)
  }
  return events
}

/** A row as it was written; a disk that changed it must not be believed. */
function checked(row: Row): StoredEvent {
  const event = { seq: Number(row.seq), time: Number(row.time), json: String(row.json) }
  if (crc32(event.json) !== row.crc) throw new Error(`event ${event.seq} is damaged on disk`)
  return event
}
