/**
 * The public types of test peers. `testing.ts` returns them; `test-member.ts` implements them.
 */
import type { z } from 'zod'
import type { Member, Schemas } from '../define.ts'

/** An event that a test peer received. */
export interface HeardEvent<D = unknown> {
  readonly type: string
  readonly data: D
  /** Its number in the room's log. Only published events have one. */
  readonly seq?: number
  /** When it was published, in ms since 1970. Only published events have one. */
  readonly time?: number
}

/** The acknowledgement of a message. */
export interface Ack {
  /** How durably its events are kept. In a test: `memory`. */
  readonly kept: string
  /** The number of the first event that the handler published, if it did. */
  readonly seq?: number
  /** The message was handled before, under the same id. */
  readonly duplicate?: true
}

/** A peer of an event room under test. */
export interface TestPeer<R extends Schemas = Schemas, S extends Schemas = Schemas> extends Member {
  /**
   * Sends a message. `id`: its id, to say it again with the same one (default: a new one). Resolves with the ack. Rejects
   * with the `RoomError` that the room answered.
   */
  send<T extends keyof R & string>(type: T, data: z.input<R[T]>, options?: { id?: string }): Promise<Ack>
  /** Sends a plain text frame, as a terminal client does. */
  say(text: string): void
  /**
   * Resolves with the next event, or the next event of a type; earlier ones are skipped. Rejects with an `Error` if
   * none arrives within 1 s of real time, or if the room has closed the peer.
   */
  next(): Promise<HeardEvent>
  next<T extends keyof S & string>(type: T): Promise<HeardEvent<z.output<S[T]>>>
  /** Loses the connection. It may rejoin within `rejoinWithin`. */
  drop(): void
  /** Reconnects and resumes; `next` goes on where it was. After `rejoinWithin` it joins as a new member. */
  rejoin(): void
  /** Closes the connection: it leaves the room. */
  leave(): void
  /** The close code and reason, once the room has closed this peer. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** A peer of a raw room under test. */
export interface RawTestPeer extends Member {
  /** Sends a message: a text, or bytes. */
  send(data: string | Uint8Array): void
  /**
   * Resolves with the next message. Rejects with an `Error` if none arrives within 1 s of real time, or if the room has
   * closed the peer.
   */
  next(): Promise<string | Uint8Array>
  /** Loses the connection. It may rejoin within `rejoinWithin`. */
  drop(): void
  /** Reconnects. After `rejoinWithin` it joins as a new member. */
  rejoin(): void
  /** Closes the connection: it leaves the room. */
  leave(): void
  /** The close code and reason, once the room has closed this peer. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}
