/**
 * Epochs: one uninterrupted life of a room's log each. The time stands in front (as in a UUIDv7, RFC 9562, 5.7), so
 * that offsets sort as text in the order of the log, as the Durable Streams protocol asks.
 */
import { randomBytes } from 'node:crypto'

/** 48 bits of time in ms, 80 random bits, as 32 hex digits; later than `previous` also when the clock went back. */
export function newEpoch(nowMs: number, previous?: string): string {
  const last = previous ? Number.parseInt(previous.slice(0, 12), 16) : 0
  const time = Math.max(Math.floor(nowMs), last + 1)
  return time.toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
}
