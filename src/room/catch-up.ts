/**
 * From the log's past to the live room without a hole or a double: pages of the log are written until the newest event
 * delivered is reached, and in that very turn the peer takes its subscriber behind it. `event-room.ts` calls it at a join,
 * `readers.ts` for who only listens.
 *
 * Nothing is held back for a peer that catches up: what is published meanwhile is in the log, so it is read from there.
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

/** The share of what may wait for a peer that a page is, and that may wait while the next one comes. */
const SHARE = 0.25
const LOW_BYTES = 64 * 1024

export interface CatchUpContext {
  readonly log: RoomLog
  readonly audience: Audience
  readonly clock: Clock
  /** The room's `limits.sendTimeout`. */
  readonly sendTimeoutMs: number
}

/** Sends `greeting` and all after `after`, then takes the subscriber. At once where it is one page, in memory. */
export function catchUp(
  context: CatchUpContext,
  subscriber: Subscriber,
  greeting: readonly Frame[],
  after: number,
): undefined | Promise<void> {
  const { log, audience } = context
  const page = pageAfter(context, after)
  if (page instanceof Promise || (page.at(-1)?.seq ?? after) < log.seq) {
    subscriber.writeFrames(greeting)
    return follow(context, subscriber, after, page)
  }
  subscriber.writeFrames([...greeting, ...whole(log, page, after)])
  audience.add(subscriber)
  return undefined
}

async function follow(
  context: CatchUpContext,
  subscriber: Subscriber,
  after: number,
  first: readonly Frame[] | Promise<readonly Frame[]>,
) {
  const { log, audience } = context
  let cursor = after
  let isThere = false
  let emptyPages = 0
  for (let page = await first; ; page = await pageAfter(context, cursor)) {
    await audience.writeHistory(() => {
      if (subscriber.isGone || subscriber.isCut) return
      subscriber.writeFrames(whole(log, page, cursor))
      const before = cursor
      cursor = page.at(-1)?.seq ?? Math.max(cursor, log.first - 1)
      emptyPages = cursor > before ? 0 : emptyPages + 1
      isThere = cursor >= log.seq
      if (isThere) audience.add(subscriber)
    })
    if (isThere) return
    // One may have been read before the next event came. Two: the log lacks what it says it has.
    if (emptyPages > 1) throw new Error(`expected event ${cursor + 1} from the log, got an empty page`)
    await drained(context, subscriber)
    if (subscriber.isGone || subscriber.isCut) return
  }
}

function pageAfter({ log, audience }: CatchUpContext, after: number): readonly Frame[] | Promise<readonly Frame[]> {
  return log.read(after, PAGE.events, Math.min(PAGE.bytes, audience.limitBytes * SHARE))
}

/** A page of what comes after `cursor`; where retention cut a hole before it, that is said first. */
function whole(log: RoomLog, page: readonly Frame[], cursor: number): readonly Frame[] {
  const first = page[0]?.seq ?? log.first
  if (first <= cursor + 1) return page
  return [reset({ epoch: log.epoch, first, seq: log.seq, reason: 'trimmed' }), ...page]
}

/** Resolves when the peer has taken enough for the next page, or is given up since it does not. */
async function drained({ audience, clock, sendTimeoutMs }: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { wire } = subscriber
  const taken = wire.drained(Math.min(LOW_BYTES, audience.limitBytes * SHARE))
  if (!taken) return
  const patienceMs = sendTimeoutMs + (wire.waiting / READER_BYTES_PER_SECOND) * 1000
  await within(clock, patienceMs, taken, () => subscriber.cut('limits.sendTimeout'))
}
