/**
 * The peers that a test has under its control, as `testing.ts` hands them out; `test-member.ts` makes them.
 */
import type { z } from 'zod'
import type { Member, Schemas } from '../define.ts'

/** What a peer of an event room hears. */
export interface HeardEvent<D = unknown> {
  readonly type: string
  readonly data: D
  /** Its place in the log; published events only. */
  readonly seq?: number
  readonly time?: number
}

/** The answer to a message: `seq` where the handler published. */
export interface Ack {
  readonly kept: string
  readonly seq?: number
}

/** A peer under the test's control. */
export interface TestPeer<R extends Schemas = Schemas, S extends Schemas = Schemas> extends Member {
  /** Says an event. Resolves with the ack; rejects with the `RoomError` the room answered. */
  send<T extends keyof R & string>(type: T, data: z.input<R[T]>): Promise<Ack>
  /** Says a plain text, as a terminal client does. */
  say(text: string): void
  /** The next event, or the next of a type (others before it are passed over). Rejects after 1 s of real time in which nothing came. */
  next(): Promise<HeardEvent>
  next<T extends keyof S & string>(type: T): Promise<HeardEvent<z.output<S[T]>>>
  /** Loses its connection: the room waits for it (`rejoinWithin`). */
  drop(): void
  /** Comes back over another connection and resumes; it hears on here. Too late, it joins as a newcomer. */
  rejoin(): void
  /** Closes its connection. */
  leave(): void
  /** Set when the room closed this peer. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** A peer of a raw room under the test's control. */
export interface RawTestPeer extends Member {
  send(data: string | Uint8Array): void
  next(): Promise<string | Uint8Array>
  drop(): void
  rejoin(): void
  leave(): void
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}
