/**
 * From the log's past to the live room without a hole or a double: pages of the log are written until the newest event
 * delivered is reached, and in that very turn the peer takes its seat behind it. `event-room.ts` calls it at a join,
 * `reading.ts` for who only listens.
 *
 * Nothing is held back for a peer that catches up: what is published meanwhile is in the log, so it is read from there.
 */
import type { Clock } from './clock.ts'
import type { Audience } from './fan-out.ts'
import { type Frame, join } from './frame.ts'
import type { RoomLog } from './log/log.ts'
import { reset } from './protocol.ts'
import type { Seat } from './seat.ts'

const PAGE = 500
/** With more than this on its way to a peer, the next page waits. */
const HIGH_WATER_BYTES = 256 * 1024
const POLL_MS = 10
/** A peer that takes nothing at all for so long is given up. */
const STALL_MS = 10_000

export interface Road {
  readonly log: RoomLog
  readonly audience: Audience
  readonly clock: Clock
}

/** Sends `greeting` and all after `after`, then takes the seat. At once where the log is in memory and the peer reads. */
export function catchUp(road: Road, seat: Seat, greeting: readonly Frame[], after: number): undefined | Promise<void> {
  const { log, audience } = road
  const page = log.read(after, PAGE)
  if (page instanceof Promise || page.length === PAGE) {
    write(seat, greeting)
    return follow(road, seat, after, page)
  }
  write(seat, [...greeting, ...whole(log, page, after)])
  audience.add(seat)
  return undefined
}

async function follow(road: Road, seat: Seat, after: number, first: readonly Frame[] | Promise<readonly Frame[]>) {
  const { log, audience } = road
  let cursor = after
  let page = await first
  while (!seat.isGone) {
    write(seat, whole(log, page, cursor))
    cursor = page.at(-1)?.seq ?? Math.max(cursor, log.first - 1)
    if (cursor >= log.seq) {
      audience.add(seat)
      return
    }
    if (!(await drained(road.clock, seat))) return
    const next = log.read(cursor, PAGE)
    page = next instanceof Promise ? await next : next
  }
}

/** A page of what comes after `cursor`; where retention cut a hole before it, that is said first. */
function whole(log: RoomLog, page: readonly Frame[], cursor: number): readonly Frame[] {
  const first = page[0]?.seq ?? log.first
  if (first <= cursor + 1) return page
  return [reset({ epoch: log.epoch, first, seq: log.seq, reason: 'trimmed' }), ...page]
}

function write({ wire }: Seat, frames: readonly Frame[]): void {
  if (frames.length > 0) wire.send(join(frames, wire.encoding))
}

/** Resolves when the peer has taken enough for the next page; `false` when it takes nothing or is gone. */
async function drained(clock: Clock, seat: Seat): Promise<boolean> {
  const { wire } = seat
  let least = wire.waiting
  let sinceMs = clock.monotonic()
  while (wire.waiting > HIGH_WATER_BYTES && !seat.isGone) {
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve))
    if (wire.waiting < least) {
      least = wire.waiting
      sinceMs = clock.monotonic()
    } else if (clock.monotonic() - sinceMs > STALL_MS) {
      wire.close(1013, 'too slow to keep up, come back and resume')
      return false
    }
  }
  return !seat.isGone
}
