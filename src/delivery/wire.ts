/**
 * What a room knows of a transport: what goes outward, and which encoding it speaks. Reading is no part of it; each
 * transport pushes what it reads into the room. `frame.ts` makes the bytes, `subscriber.ts` alone sends them.
 */
import type { CloseReason } from '../errors.ts'
import type { Bytes, Encoding, Frame } from './frame.ts'

export interface Wire {
  /** How this wire wants its frames; wires with the same encoding are sent the same bytes. */
  readonly encoding: Encoding
  /** Bytes handed over and not yet taken by the network. */
  readonly waiting: number
  /** Takes whole frames, one or many joined, as bytes of its encoding. MUST NOT throw, also when the connection is gone. */
  send(bytes: Bytes, frames: readonly Frame[]): void
  /**
   * Resolves when at most so many bytes wait, or the connection is over. `undefined`: no more than that wait now. One who
   * waits at a time.
   */
  drained(below: number): Promise<void> | undefined
  /** Reads no more for so many ms; asked again, from then on. A transport that is not read on its own does nothing. */
  rest(ms: number): void
  /** Says why and ends the connection. MUST NOT throw; a second call does nothing. */
  close(reason: CloseReason): void
  /** Lets go of the connection at once, with all that waits. MUST NOT throw. */
  drop(): void
}

/** A reader that does not take what waits has a second more for each so many bytes of it. */
export const READER_BYTES_PER_SECOND = 8192
