/**
 * Catches a peer up with the log, with nothing missed and nothing repeated: pages are written until the newest
 * delivered event is reached, and in the same tick the peer is subscribed. `event-room.ts` calls it at a join,
 * `readers.ts` for a reader. Nothing is buffered for a peer that catches up: events published meanwhile are read from
 * the log.
 */

import type { Clock } from '../clock.ts'
import type { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import { PAGE } from '../delivery/page.ts'
import type { Subscriber } from '../delivery/subscriber.ts'
import { READER_BYTES_PER_SECOND } from '../delivery/wire.ts'
import type { RoomLog } from '../log/log.ts'
import { within } from '../within.ts'
import { reset } from './protocol.ts'

/** The share of the send buffer that one page may fill, and that may still be pending when the next page is read. */
const SHARE = 0.25
const LOW_BYTES = 64 * 1024

export interface CatchUpContext {
  readonly roomLog: RoomLog
  readonly audience: Audience
  readonly clock: Clock
  /** The room's `limits.sendTimeout`. */
  readonly sendTimeoutMs: number
}

/** Sends `greeting` and the events after `after`, then subscribes. Synchronous if they are one page in memory. */
export function catchUp(
  context: CatchUpContext,
  subscriber: Subscriber,
  greeting: readonly Frame[],
  after: number,
): undefined | Promise<void> {
  const { roomLog, audience } = context
  const page = pageAfter(context, after)
  for (const frame of greeting) frame.after = after
  if (page instanceof Promise || (page.at(-1)?.seq ?? after) < roomLog.seq) {
    subscriber.writeFrames(greeting)
    return writePages(context, subscriber, after, page)
  }
  subscriber.writeFrames([...greeting, ...withReset(roomLog, page, after)])
  audience.add(subscriber)
  return undefined
}

async function writePages(
  context: CatchUpContext,
  subscriber: Subscriber,
  after: number,
  first: readonly Frame[] | Promise<readonly Frame[]>,
) {
  const { roomLog, audience } = context
  let cursor = after
  let isCaughtUp = false
  let emptyPages = 0
  for (let page = await first; ; page = await pageAfter(context, cursor)) {
    await audience.writeHistory(() => {
      if (subscriber.isGone || subscriber.isCut) return
      subscriber.writeFrames(withReset(roomLog, page, cursor))
      const before = cursor
      cursor = page.at(-1)?.seq ?? Math.max(cursor, roomLog.first - 1)
      emptyPages = cursor > before ? 0 : emptyPages + 1
      isCaughtUp = cursor >= roomLog.seq
      if (isCaughtUp) audience.add(subscriber)
    })
    if (isCaughtUp) return
    // One page may have been read just before the next event. Two: the log lacks events that it claims to have.
    if (emptyPages > 1) throw new Error(`expected event ${cursor + 1} from the log, got an empty page`)
    await drained(context, subscriber)
    if (subscriber.isGone || subscriber.isCut) return
  }
}

function pageAfter({ roomLog, audience }: CatchUpContext, after: number): readonly Frame[] | Promise<readonly Frame[]> {
  return roomLog.read(after, PAGE.events, Math.min(PAGE.bytes, audience.limitBytes * SHARE))
}

/** The page after `cursor`, preceded by a `reset` if retention removed events before it. */
function withReset(roomLog: RoomLog, page: readonly Frame[], cursor: number): readonly Frame[] {
  const first = page[0]?.seq ?? roomLog.first
  if (first <= cursor + 1) return page
  const gap = reset({ epoch: roomLog.epoch, first, seq: roomLog.seq, reason: 'trimmed' })
  gap.after = first - 1
  return [gap, ...page]
}

/** Resolves when the peer has read enough for the next page, or was cut off because it does not read. */
async function drained({ audience, clock, sendTimeoutMs }: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { wire } = subscriber
  const taken = wire.drained(Math.min(LOW_BYTES, audience.limitBytes * SHARE))
  if (!taken) return
  const timeoutMs = sendTimeoutMs + (wire.waiting / READER_BYTES_PER_SECOND) * 1000
  await within(clock, timeoutMs, taken, () => subscriber.cut('limits.sendTimeout'))
}
