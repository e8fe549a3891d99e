/**
 * `room.history`: how a room module reads kept events. `event-room.ts` passes the room's log in.
 */
import type { PastEvent } from '../define.ts'
import type { Frame } from '../delivery/frame.ts'
import { offset, type RoomLog } from '../log/log.ts'
import { show } from '../mistakes.ts'

/** How many events are returned by default, and at most. */
const LIMIT = { usual: 100, most: 1000 }

/**
 * The events after the seq `after` (default: the newest), oldest first. Rejects with a `RangeError` if an argument is
 * no valid number.
 */
export async function historyOf(
  roomLog: RoomLog,
  { after, limit = LIMIT.usual }: { after?: number; limit?: number } = {},
): Promise<PastEvent[]> {
  mustBeCount('limit', limit, 1)
  mustBeCount('after', after ?? 0, 0)
  const most = Math.min(limit, LIMIT.most)
  let cursor = after ?? Math.max(0, roomLog.seq - most)
  const frames: Frame[] = []
  while (frames.length < most) {
    const page = await roomLog.read(cursor, most - frames.length)
    cursor = page.at(-1)?.seq ?? 0
    frames.push(...page)
    if (page.length === 0 || cursor >= roomLog.seq) break
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
