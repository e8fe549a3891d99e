/**
 * Whether what is on its way goes on: a message that a peer has begun, and what waits to be taken by it. Each connection is
 * looked at now and then (`heartbeat.ts`); what one look finds, the next compares. Both rules count bytes and not signs of
 * life, so that who is slow has time and who sends or takes a byte now and then gains nothing.
 */
import type { Socket } from 'node:net'
import { READER_BYTES_PER_SECOND } from '../delivery/wire.ts'

/** What was found on its way: since when, and a number of bytes to compare with. */
export interface Sample {
  readonly sinceMs: number
  readonly bytes: number
}

/** A message may take a second more for each so many bytes it has brought: a slow sender is no attacker. */
const SENDER_BYTES_PER_SECOND = 512

/** Whether a message that was first found at `begun` and has `bytes` now is overdue. */
export function isOverdue(begun: Sample, bytes: number, nowMs: number, timeoutMs: number): boolean {
  const came = Math.max(0, bytes - begun.bytes)
  return nowMs - begun.sinceMs >= timeoutMs + (came / SENDER_BYTES_PER_SECOND) * 1000
}

/** What waits for a peer: the sighting of before while not all of it was taken, a new one for newer bytes. */
export function pendingOf(before: Pending | undefined, socket: Socket, nowMs: number): Pending | undefined {
  const { writableLength: waiting, bytesWritten: written } = socket
  if (waiting === 0) return undefined
  if (before && written - waiting < before.bytes) return before
  return { sinceMs: nowMs, bytes: written, waiting }
}

/** `bytes`: all that was ever written when it was found, so that what comes after it does not count. */
export interface Pending extends Sample {
  readonly waiting: number
}

/** Whether what waits should have been taken by now. */
export function isStalled({ sinceMs, waiting }: Pending, nowMs: number, timeoutMs: number): boolean {
  return nowMs - sinceMs >= timeoutMs + (waiting / READER_BYTES_PER_SECOND) * 1000
}

/** What one connection's looks remember of it. */
export class Stalls {
  /** The message that was not whole at the last look. */
  #begun: Sample | undefined
  /** How much of it there was. */
  #cameBytes = 0
  #owed: Pending | undefined

  /** A message has come whole. */
  heard(): void {
    this.#begun = undefined
  }

  /** What became of the message that is not whole; `bytes`: what there is of it, `undefined` where none was begun. */
  sending(bytes: number | undefined, nowMs: number, timeoutMs: number): 'grows' | 'rests' | 'overdue' {
    const came = bytes ?? 0
    const grows = came > this.#cameBytes
    this.#cameBytes = came
    this.#begun = bytes === undefined ? undefined : (this.#begun ?? { sinceMs: nowMs, bytes })
    if (this.#begun && isOverdue(this.#begun, came, nowMs, timeoutMs)) return 'overdue'
    return grows ? 'grows' : 'rests'
  }

  /** Whether what waits for the peer should have been taken by now. */
  isStalled(socket: Socket, nowMs: number, timeoutMs: number): boolean {
    this.#owed = pendingOf(this.#owed, socket, nowMs)
    return this.#owed !== undefined && isStalled(this.#owed, nowMs, timeoutMs)
  }
}
