/**
 * `room.history`: how a room module reads kept events. `event-room.ts` passes the room's log in.
 */
import type { PastEvent } from '../define.ts'
import type { Frame } from '../delivery/frame.ts'
import { offset, type RoomLog } from '../log/log.ts'
import { show } from '../mistakes.ts'

export interface HistoryRange {
  /** Only events with a higher seq; then the first of them are returned. */
  readonly after?: number
  /** Only events with a lower seq; without `after`, the last of them are returned. */
  readonly before?: number
  readonly limit?: number
}

/** How many events are returned by default, and at most. */
const LIMIT = { usual: 100, most: 1000 }

/** The events of a range, oldest first. Rejects with a `RangeError` if an argument is no valid number. */
export async function historyOf(
  roomLog: RoomLog,
  { after, before, limit = LIMIT.usual }: HistoryRange = {},
): Promise<PastEvent[]> {
  mustBeCount('limit', limit, 1)
  mustBeCount('after', after ?? 0, 0)
  mustBeCount('before', before ?? 0, 0)
  const most = Math.min(limit, LIMIT.most)
  const last = Math.min(before === undefined ? roomLog.seq : before - 1, roomLog.seq)
  const start = after ?? Math.max(0, last - most)
  const frames: Frame[] = []
  for (let cursor = start; cursor < last && frames.length < most; ) {
    const page = await roomLog.read(cursor, Math.min(last - cursor, most - frames.length))
    // Retention may have removed the beginning: the page then begins later, and may reach beyond the range.
    frames.push(...page.filter(({ seq }) => seq <= last))
    cursor = page.at(-1)?.seq ?? last
  }
  return frames.map(({ type = '', data, seq, time }) => ({
    type,
    seq,
    time,
    data: JSON.parse(String(data)),
    offset: offset(roomLog.epoch, seq),
  }))
}

function mustBeCount(what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`room.history: expected "${what}" as an integer from ${least}, got ${show(value)}`)
}
