/**
 * Detects stalled senders and readers: a message that a peer began and does not finish, and sent bytes that a peer does not
 * read. Each check by the heartbeat (`heartbeat.ts`) compares with the sample of the one before. Both rules count bytes,
 * not activity: a slow peer has time in proportion, and an occasional byte does not extend it.
 */
import { READER_BYTES_PER_SECOND } from '../delivery/wire.ts'

/** A sample of a transfer: when it was taken (monotonic ms), and a number of bytes to compare with. */
export interface Sample {
  readonly sinceMs: number
  readonly bytes: number
}

/** The slowest sender allowed: a message may take a second more for each this many bytes received. */
const SENDER_BYTES_PER_SECOND = 512

/** Whether a message that was first sampled at `begun` and has `bytes` now has timed out. */
function hasTimedOut(begun: Sample, bytes: number, nowMs: number, timeoutMs: number): boolean {
  const received = Math.max(0, bytes - begun.bytes)
  return nowMs - begun.sinceMs >= timeoutMs + (received / SENDER_BYTES_PER_SECOND) * 1000
}

/** The counts of a socket that tell what its peer has read. */
interface ByteCounts {
  readonly writableLength: number
  readonly bytesWritten: number
}

/** A peer's pending bytes: the sample before while any of them are unread, else a new sample; `undefined`: none. */
export function pendingBytesOf(
  before: PendingBytes | undefined,
  socket: ByteCounts,
  nowMs: number,
): PendingBytes | undefined {
  const { writableLength: waiting, bytesWritten: written } = socket
  if (waiting === 0) return undefined
  if (before && written - waiting < before.bytes) return before
  return { sinceMs: nowMs, bytes: written, waiting }
}

/** `bytes`: all bytes ever written when it was sampled, so that later bytes do not count. */
export interface PendingBytes extends Sample {
  readonly waiting: number
}

/** Whether the pending bytes should have been read by now. */
export function isStalled({ sinceMs, waiting }: PendingBytes, nowMs: number, timeoutMs: number): boolean {
  return nowMs - sinceMs >= timeoutMs + (waiting / READER_BYTES_PER_SECOND) * 1000
}

/** What the checks of one connection keep from one to the next. */
export class Stalls {
  /** The message that was unfinished at the last check: the sample of the check that first found it. */
  #begun: Sample | undefined
  /** How many of its bytes had been received at the last check. */
  #receivedBytes = 0
  #pending: PendingBytes | undefined

  /** A message is complete. */
  messageComplete(): void {
    this.#begun = undefined
  }

  /** The state of an unfinished message; `bytes`: received so far, `undefined`: none was begun. */
  sending(bytes: number | undefined, nowMs: number, timeoutMs: number): 'growing' | 'idle' | 'timed out' {
    const received = bytes ?? 0
    const isGrowing = received > this.#receivedBytes
    this.#receivedBytes = received
    this.#begun = bytes === undefined ? undefined : (this.#begun ?? { sinceMs: nowMs, bytes })
    if (this.#begun && hasTimedOut(this.#begun, received, nowMs, timeoutMs)) return 'timed out'
    return isGrowing ? 'growing' : 'idle'
  }

  /** Whether the peer's pending bytes should have been read by now. */
  isStalled(socket: ByteCounts, nowMs: number, timeoutMs: number): boolean {
    this.#pending = pendingBytesOf(this.#pending, socket, nowMs)
    return this.#pending !== undefined && isStalled(this.#pending, nowMs, timeoutMs)
  }
}
