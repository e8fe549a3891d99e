/** Why a message of a peer is not handled, before anything of it is read. `event-room.ts` asks, and answers with it. */
import type { Mount } from '../config/mount.ts'
import { LimitError, RoomError } from '../errors.ts'
import type { LiveEventPeer } from './peer.ts'

type Limits = Pick<Mount['limits'], 'rate' | 'waiting' | 'abuse'>

/** Charges the message to the peer's rate. `undefined`: it is handled. */
export function refusalOfMessage(peer: LiveEventPeer, limits: Limits, nowMs: number): RoomError | undefined {
  const { rate, waiting } = limits
  if (!peer.bucket.take(rate, nowMs)) {
    peer.refused += 1
    const message = `too fast, send it again in ${peer.bucket.waitMs(rate)} ms`
    return new LimitError('limits.rate', 'rate_limited', message)
  }
  peer.refused = Math.max(0, peer.refused - 1)
  if (peer.isDismissed) return new RoomError('unavailable', 'this room restarts, send it again')
  if (peer.sequence.length < waiting) return undefined
  return new LimitError('limits.waiting', 'unavailable', 'too many of your messages are waiting, send it again')
}

/** This server may not speak for the room now. */
export function notSureOf(): RoomError {
  return new RoomError('unavailable', 'the room may have moved, send it again with the same id')
}

/** Whether so many bursts more were refused than accepted that it is not careless but hostile. */
export function isAbusive({ refused }: LiveEventPeer, { rate, abuse }: Limits): boolean {
  return refused > rate.burst * abuse
}
