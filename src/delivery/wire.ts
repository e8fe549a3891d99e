/**
 * The outbound side of a transport, as rooms see it: its encoding, and how to send and close. Each transport pushes
 * what it reads into the room itself. `frame.ts` makes the bytes; only `subscriber.ts` sends them.
 */
import type { CloseReason } from '../errors.ts'
import type { Bytes, Encoding, Frame } from './frame.ts'
import type { Relayed } from './relay.ts'

export interface Wire {
  /** How frames become bytes; wires of the same encoding are sent the same bytes. */
  readonly encoding: Encoding
  /** Its place in a relay, if frames for all reach it that way: then it is sent only what is for it alone. */
  readonly relayed?: Relayed | undefined
  /** Bytes that were sent and that the network has not taken yet. */
  readonly waiting: number
  /**
   * Sends whole frames, one or many joined, as bytes of its encoding. MUST NOT throw, even if the connection is gone.
   */
  send(bytes: Bytes, frames: readonly Frame[]): void
  /**
   * Resolves when at most `below` bytes wait, or the connection is over. `undefined`: no more than that wait now. Only
   * one caller may wait at a time.
   */
  drained(below: number): Promise<void> | undefined
  /**
   * Stops reading for `ms`, counted from the latest call. Does nothing on a transport that is not read continuously.
   */
  rest(ms: number): void
  /** Sends the reason and ends the connection. MUST NOT throw; a second call does nothing. */
  close(reason: CloseReason): void
  /** Destroys the connection at once, with all that waits. MUST NOT throw. */
  drop(): void
}

/** The slowest reader allowed: pending bytes may take a second more for each this many of them. */
export const READER_BYTES_PER_SECOND = 8192
