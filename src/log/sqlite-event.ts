/**
 * An event as it lies in the file, with a checksum: `sqlite-store.ts` reads pages of them.
 */
import { crc32 } from 'node:zlib'
import { fitting } from '../page.ts'
import type { Row } from './sqlite-file.ts'

export interface StoredEvent {
  readonly seq: number
  readonly time: number
  readonly json: string
}

/** As many of these rows as fit into `bytes`, but at least one. */
export function pageOf(rows: Iterable<Row>, bytes: number): StoredEvent[] {
  return fitting(eachChecked(rows), ({ json }) => Buffer.byteLength(json), bytes)
}

function* eachChecked(rows: Iterable<Row>): Iterable<StoredEvent> {
  for (const row of rows) yield checked(row)
}

/** A row as it was written; a disk that changed it must not be believed. */
function checked(row: Row): StoredEvent {
  const event = { seq: Number(row.seq), time: Number(row.time), json: String(row.json) }
  if (crc32(event.json) !== row.crc) throw new Error(`event ${event.seq} is damaged on disk`)
  return event
}
