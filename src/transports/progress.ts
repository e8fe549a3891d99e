/**
 * Whether what is on its way goes on: a message that a peer has begun, and what waits to be taken by it. Each connection is
 * looked at now and then (`heartbeat.ts`); what one look finds, the next compares. Both rules count bytes and not signs of
 * life, so that who is slow has time and who sends or takes a byte now and then gains nothing.
 */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** What was found on its way: since when, and a number of bytes to compare with. */
export interface Sighting {
  readonly sinceMs: number
  readonly bytes: number
}

/** A message may take a second more for each so many bytes it has brought: a slow sender is no attacker. */
const SENDER_BYTES_PER_SECOND = 512
/** A reader has a second more for each so many bytes that waited. */
const READER_BYTES_PER_SECOND = 8192

/** What the receiver of `ws` holds of a message that is not whole; it has no public name for it. */
interface Receiver {
  /** 0 between two frames. */
  readonly _state?: number
  /** The opcode of a message in fragments, 0 between two messages. */
  readonly _fragmented?: number
  /** Bytes of the frame that is not whole. */
  readonly _bufferedBytes?: number
  /** Bytes of the fragments before it. */
  readonly _messageLength?: number
}

/** The bytes there are of a message that is not whole; `undefined` where none was begun. */
export function unfinishedBytes(ws: WebSocket): number | undefined {
  const receiver = (ws as unknown as { _receiver: Receiver })._receiver
  const { _state, _fragmented, _bufferedBytes, _messageLength } = receiver
  // In a version of `ws` that names them otherwise this tells nothing, and ends nobody.
  if (!_state && !_fragmented && !_bufferedBytes) return undefined
  return (_bufferedBytes ?? 0) + (_messageLength ?? 0)
}

/** Whether a message that was first found at `begun` and has `bytes` now is overdue. */
export function isOverdue(begun: Sighting, bytes: number, nowMs: number, timeoutMs: number): boolean {
  return nowMs - begun.sinceMs >= timeoutMs + ((bytes - begun.bytes) / SENDER_BYTES_PER_SECOND) * 1000
}

/** What waits for a peer: the sighting of before while not all of it was taken, a new one for newer bytes. */
export function owedOf(before: Owed | undefined, socket: Socket, nowMs: number): Owed | undefined {
  const { writableLength: waiting, bytesWritten: written } = socket
  if (waiting === 0) return undefined
  if (before && written - waiting < before.bytes) return before
  return { sinceMs: nowMs, bytes: written, waiting }
}

/** `bytes`: all that was ever written when it was found, so that what comes after it does not count. */
export interface Owed extends Sighting {
  readonly waiting: number
}

/** Whether what waits should have been taken by now. */
export function isStuck({ sinceMs, waiting }: Owed, nowMs: number, timeoutMs: number): boolean {
  return nowMs - sinceMs >= timeoutMs + (waiting / READER_BYTES_PER_SECOND) * 1000
}
