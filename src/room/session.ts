/**
 * A session: all that a transport holds of a room, from the join of a peer to the end of its connection. The transport
 * passes in what it reads and reports the end of the connection. The room sends through the wire (`wire.ts`). No method
 * returns a value, since the room may be on another node. `room.ts` makes sessions.
 */
import type { CloseReason } from '../errors.ts'
import type { Limit } from '../tally.ts'

/** How a peer speaks. Over `http` it need not be a member; another room and the operator never are. */
export type Via = 'websocket' | 'socketio' | 'http' | 'room' | 'admin'

/** The identity of a peer, as the gate admitted it. */
export interface Visitor {
  readonly id: string
  readonly name: string
  /** The stable id the client chose, for resume and safe retries. Never shown to others. */
  readonly client?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** When its token expires, ms since 1970. */
  readonly untilMs?: number | undefined
  /** Default `websocket`. */
  readonly via?: Via
  /**
   * The name of its connection, if that may be lost and found on its way here: the peer is waited for then, with or without
   * a `client`. No client can give one: it begins with a space.
   */
  readonly session?: string | undefined
  /** It was in the room before that moved: `peer.resumed`. */
  readonly isMoved?: boolean
  /** When its connection began, ms since 1970: of two connections of one client the later begun stays. */
  readonly begunMs?: number | undefined
  /** The client's address. Only the operator sees it. */
  readonly address?: string | undefined
}

/**
 * One connection of a peer in a room. It is over when the transport calls `gone`, when the room or the transport ends
 * it, or when the same client reconnects. From then on every call does nothing. No call throws.
 */
export interface Session {
  /**
   * Handles a frame of the peer: text or bytes. A room slows a peer down with `wire.rest`. `ref`: the transport's number
   * of it, if it asks for an answer; the answer carries it. Only event rooms answer.
   */
  receive(data: string | Uint8Array, ref?: number): void
  /** The connection is gone. `isLost`: without a close frame, so the peer may come back. */
  gone(isLost: boolean): void
  /** Ends the connection and the membership. */
  end(reason: CloseReason): void
  /** Cuts off a peer that does not read. Nothing more is written; the room ends the connection as soon as possible. */
  cutSlow(limit: Limit): void
  /** Writes the pending frames, so that frames of the transport itself come after them. */
  flush(): void
}
