/**
 * A session: all that a transport holds of a room, from the join of a peer to the end of its connection. A transport
 * hands in what it reads and says what becomes of the connection; what the room sends goes out through its wire
 * (`wire.ts`). Nothing here returns a value, since the room may be on another node. `room.ts` makes sessions.
 */
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'

/** How somebody speaks: as a member over one of these, or over HTTP also without being one. */
export type Via = 'websocket' | 'http'

/** Who comes in, as the gate admitted it. */
export interface Visitor {
  readonly id: string
  readonly name: string
  /** The stable id the client chose, for resume and safe duplicates; never told to others. */
  readonly client?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** When its token ends, ms since 1970. */
  readonly untilMs?: number | undefined
  /** `websocket`, if nothing else is said. */
  readonly via?: Via
}

/**
 * One connection of a peer in a room. It is over when the transport says so (`gone`), when the room or the transport ended
 * it, or when the same client is back on another connection; from then on every call does nothing. No call throws.
 */
export interface Session {
  /** Something came from the peer. A room that wants less of it asks the wire to rest. */
  receive(data: string | Uint8Array): void
  /** The connection is gone. `isLost`: nobody said goodbye, so the peer may be back. */
  gone(isLost: boolean): void
  /** Ends the connection and the peer's stay. */
  end(reason: CloseReason): void
  /** The peer does not take what is sent to it. Nothing more is written; the room ends the connection when it can. */
  cutSlow(limit: Limit): void
  /** Writes what waits for the peer, so that what the transport itself says comes after it. */
  flush(): void
}
