/**
 * From the log's past to the live room without a hole or a double: pages of the log are written until the newest event
 * delivered is reached, and in that very turn the peer takes its seat behind it. `room.ts` calls it at a join.
 *
 * Nothing is held back for a peer that catches up: what is published meanwhile is in the log, so it is read from there.
 */
import type { Clock } from './clock.ts'
import type { Audience } from './fan-out.ts'
import { type Frame, join } from './frame.ts'
import type { RoomLog } from './log/log.ts'
import type { Connection } from './peer.ts'
import { reset } from './protocol.ts'

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

/** Sends `greeting` and all after `after`, then seats the peer. At once where the log is in memory and the peer reads. */
export function catchUp(road: Road, peer: Connection, greeting: Frame, after: number): undefined | Promise<void> {
  const { log, audience } = road
  const page = log.read(after, PAGE)
  if (page instanceof Promise || page.length === PAGE) {
    write(peer, [greeting])
    return follow(road, peer, after, page)
  }
  write(peer, [greeting, ...page])
  audience.add(peer.seat)
  return undefined
}

async function follow(
  road: Road,
  peer: Connection,
  after: number,
  first: readonly Frame[] | Promise<readonly Frame[]>,
) {
  const { log, audience } = road
  let cursor = after
  let page = await first
  while (!peer.hasLeft) {
    cursor = send(log, peer, page, cursor)
    if (cursor >= log.seq) {
      audience.add(peer.seat)
      return
    }
    if (!(await drained(road.clock, peer))) return
    const next = log.read(cursor, PAGE)
    page = next instanceof Promise ? await next : next
  }
}

/** Writes a page; where retention cut a hole before it, says so first. Returns the last event the peer has. */
function send(log: RoomLog, peer: Connection, page: readonly Frame[], cursor: number): number {
  const first = page[0]?.seq ?? log.seq + 1
  const frames =
    first === cursor + 1 ? page : [reset({ epoch: log.epoch, first, seq: log.seq, reason: 'trimmed' }), ...page]
  write(peer, frames)
  return page.at(-1)?.seq ?? log.seq
}

function write(peer: Connection, frames: readonly Frame[]): void {
  const { wire } = peer.seat
  if (frames.length > 0) wire.send(join(frames, wire.encoding))
}

/** Resolves when the peer has taken enough for the next page; `false` when it takes nothing or is gone. */
async function drained(clock: Clock, peer: Connection): Promise<boolean> {
  const { wire } = peer.seat
  let least = wire.waiting
  let sinceMs = clock.monotonic()
  while (wire.waiting > HIGH_WATER_BYTES && !peer.hasLeft) {
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve))
    if (wire.waiting < least) {
      least = wire.waiting
      sinceMs = clock.monotonic()
    } else if (clock.monotonic() - sinceMs > STALL_MS) {
      wire.close(1013, 'too slow to keep up, come back and resume')
      return false
    }
  }
  return !peer.hasLeft
}
