/** An event as a row of the database: its JSON text with a checksum. `store.ts` writes rows and reads pages of them. */
import { crc32 } from 'node:zlib'
import { fitting } from '../../delivery/page.ts'
import { eventParts, eventText } from '../../delivery/payload.ts'
import type { StoredEvent } from '../stored-event.ts'
import type { Row } from './file.ts'

/** The stored text of an event and its checksum. */
export function rowOf({ seq, time, type, data }: StoredEvent): { json: string; crc: number } {
  const json = eventText(type, seq, time, data)
  return { json, crc: crc32(json) }
}

/** The first rows that fit into `bytes`, at least one. Throws if one is damaged. */
export function pageOf(rows: Iterable<Row>, bytes: number): StoredEvent[] {
  return fitting(rows, ({ json }) => Buffer.byteLength(String(json)), bytes).map(checked)
}

/** The event of a row. Throws if the disk changed it. */
function checked(row: Row): StoredEvent {
  const [seq, time, json] = [Number(row.seq), Number(row.time), String(row.json)]
  const parts = crc32(json) === row.crc ? eventParts(json, seq, time) : undefined
  if (!parts) throw new Error(`event ${seq} is damaged on disk`)
  return { seq, time, ...parts }
}
