/**
 * Whether a member may post now. A member has one rate for all transports, and a batch costs as much as its messages.
 * `posts.ts` asks before it handles an HTTP append.
 */
import { LimitError, Refusal, refusalOf } from '../errors.ts'
import type { LiveEventPeer } from './peer.ts'
import type { RoomSettings } from './room-parts.ts'

/** Throws a `Refusal` (404, 413, 429 or 503) if not. */
export function mustBeInRate(
  { hasLeft, bucket, sequence }: LiveEventPeer,
  { rate, waiting }: RoomSettings['limits'],
  nowMs: number,
  cost: number,
): void {
  if (hasLeft) throw unknownPeer()
  if (cost > rate.burst) {
    const message = `this room accepts ${rate.burst} messages of a peer at once, got ${cost}`
    throw new Refusal(413, 'too_many_messages', message).by('limits.rate')
  }
  if (!bucket.take(rate, nowMs, cost)) {
    const waitMs = bucket.waitMs(rate, cost)
    const retry = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) }
    throw new Refusal(429, 'rate_limited', `too fast, send it again in ${waitMs} ms`, retry).by('limits.rate')
  }
  if (sequence.length >= waiting) {
    const message = 'too many of your messages are waiting, send it again'
    throw refusalOf(new LimitError('limits.waiting', 'unavailable', message), false)
  }
}

/** The `Corridor-Peer` token names no member: it has left, or never joined. */
export function unknownPeer(): Refusal {
  return new Refusal(404, 'unknown_peer', 'this peer is gone or never was here; open its event stream again')
}
