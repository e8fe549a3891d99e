/**
 * Whether what is on its way goes on: a message that a peer has begun, and what waits to be taken by it. Each connection is
 * looked at now and then (`heartbeat.ts`); what one look finds, the next compares. Both rules count bytes and not signs of
 * life, so that who is slow has time and who sends or takes a byte now and then gains nothing.
 */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { READER_BYTES_PER_SECOND } from '../wire.ts'

/** What was found on its way: since when, and a number of bytes to compare with. */
export interface Sighting {
  readonly sinceMs: number
  readonly bytes: number
}

/** A message may take a second more for each so many bytes it has brought: a slow sender is no attacker. */
const SENDER_BYTES_PER_SECOND = 512

/** What the receiver of `ws` holds of a message that is not whole; it has no public name for it. */
interface Receiver {
  /** 0 between two frames; from `MASK` to `DATA` the length of this one is known, and not all of it has come. */
  readonly _state?: number
  /** The opcode of a message in fragments, 0 between two messages. */
  readonly _fragmented?: number
  /** Bytes that came and are not read yet. */
  readonly _bufferedBytes?: number
  readonly _opcode?: number
  /** What this frame will be long. */
  readonly _payloadLength?: number
  /** The frames of this message, this one as long as it will be; compressed ones as they come. */
  readonly _totalPayloadLength?: number
}

const MASK = 3
const DATA = 4
/** From this opcode on a frame is a ping, a pong or a close, and none of a message. */
const CONTROL = 8

/** The bytes there are of a message that is not whole; `undefined` where none was begun. */
export function unfinishedBytes(ws: WebSocket): number | undefined {
  const receiver = (ws as unknown as { _receiver: Receiver })._receiver
  const { _state = 0, _fragmented, _bufferedBytes = 0, _opcode = 0, _payloadLength = 0 } = receiver
  // In a version of `ws` that names them otherwise this tells nothing, and ends nobody.
  if (!_state && !_fragmented && !_bufferedBytes) return undefined
  const isInFrame = (_state === MASK || _state === DATA) && _opcode < CONTROL
  const before = (receiver._totalPayloadLength ?? 0) - (isInFrame ? _payloadLength : 0)
  return before + _bufferedBytes
}

/** Whether a message that was first found at `begun` and has `bytes` now is overdue. */
export function isOverdue(begun: Sighting, bytes: number, nowMs: number, timeoutMs: number): boolean {
  const came = Math.max(0, bytes - begun.bytes)
  return nowMs - begun.sinceMs >= timeoutMs + (came / SENDER_BYTES_PER_SECOND) * 1000
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
