/**
 * An event as it lies in the file, as its JSON text with a checksum: `store.ts` writes them and reads pages of
 * them.
 */
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

/** The text of an event and its checksum, as they are kept. */
export function rowOf({ seq, time, type, data }: StoredEvent): { json: string; crc: number } {
  const json = eventText(type, seq, time, data)
  return { json, crc: crc32(json) }
}

/** As many of these rows as fit into `bytes`, but at least one. */
export function pageOf(rows: Iterable<Row>, bytes: number): StoredEvent[] {
  return fitting(rows, ({ json }) => Buffer.byteLength(String(json)), bytes).map(checked)
}

/** A row as it was written; a disk that changed it must not be believed. */
function checked(row: Row): StoredEvent {
  const [seq, time, json] = [Number(row.seq), Number(row.time), String(row.json)]
  const parts = crc32(json) === row.crc ? eventParts(json, seq, time) : undefined
  if (!parts) throw new Error(`event ${seq} is damaged on disk`)
  return { seq, time, ...parts }
}
