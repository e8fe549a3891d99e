/**
 * Whether a member may post now: it has one rate over every transport, and a batch costs as much as its messages.
 * `event-room.ts` asks before it handles what came over HTTP.
 */
import { LimitError, Refusal, refusalOf } from '../errors.ts'
import type { LiveEventPeer } from './peer.ts'
import type { RoomSettings } from './room-parts.ts'

/** Throws a `Refusal`. */
export function mustBeInRate(
  { hasLeft, bucket, sequence }: LiveEventPeer,
  { rate, waiting }: RoomSettings['limits'],
  nowMs: number,
  cost: number,
): void {
  if (hasLeft) throw unknownPeer()
  if (cost > rate.burst) {
    const message = `this room takes ${rate.burst} messages of a peer at once, got ${cost}`
    throw new Refusal(413, 'too_many_messages', message).by('limits.rate')
  }
  if (!bucket.take(rate, nowMs, cost)) {
    const waitMs = bucket.waitMs(rate, cost)
    const retry = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) }
    throw new Refusal(429, 'rate_limited', `too fast, say it again in ${waitMs} ms`, retry).by('limits.rate')
  }
  if (sequence.length >= waiting) {
    const message = 'too many of your messages wait, say it again'
    throw refusalOf(new LimitError('limits.waiting', 'unavailable', message), false)
  }
}

/** The member is gone, or never was here. */
export function unknownPeer(): Refusal {
  return new Refusal(404, 'unknown_peer', 'this peer is gone or never was here; open its event stream again')
}
