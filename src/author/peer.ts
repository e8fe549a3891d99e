/**
 * Members and peers as a room module sees them. `room.ts` in this folder has the rooms; a live peer is `room/peer.ts`.
 */
import type { z } from 'zod'
import type { Schemas } from './schemas.ts'

/** A member of a room, as others may see it. */
export interface Member {
  /** The token's `sub`, or an id that the server assigned to a guest. */
  readonly id: string
  /** The display name. */
  readonly name: string
}

/** An entry of `room.members()`: one for each id. */
export interface Present extends Member {
  /** How many connections it has now. 0: it is disconnected and may still rejoin. */
  readonly connections: number
}

/** Who a peer is: what `data` in a definition is called with. */
export interface Who extends Member {
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

/** `peer.data` of a definition without `data`. */
export type Notes = Record<string, unknown>

interface AnyPeer<D> extends Member {
  /** The display name. A module may change it. Setting anything but a string throws a `TypeError`. */
  name: string
  /** Unique to this peer: two tabs with the same token share `id`, but not this. It stays the same over `rejoin`. */
  readonly connection: string
  /** How it speaks. Clients cannot forge it. `room`: another room of this server, whose path is its id. */
  readonly via: 'websocket' | 'socketio' | 'http' | 'room' | 'admin'
  /**
   * Whether it is a member now. Who only speaks never is, and gets no events: a `POST` without `Corridor-Peer`, another
   * room, the operator.
   */
  readonly isMember: boolean
  /** False while its connection is lost and it may still rejoin, and after it has left. */
  readonly isHere: boolean
  /**
   * Whether it was here before, and has missed nothing of the log: it came with an offset that resumes. In `join` that
   * means that the room has restarted or moved, or that it was away for long.
   */
  readonly resumed: boolean
  /** The verified claims of its token; `undefined` if it has none or the room has no `auth`. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** A place for the module's own data: what `data` in the definition returned. Kept as long as the peer is a member. */
  readonly data: D
  /**
   * Ends the connection and the membership at once.
   * `code`: 1000 (default) or 3000 to 4999 (RFC 6455, 7.4), else it throws a `RangeError`.
   * `reason`: a text, cut off after 123 bytes, else it throws a `TypeError`.
   */
  close(code?: number, reason?: string): void
}

/** A peer of an event room: a member, or the anonymous sender of a message. `S`: of `sends`; `D`: of its data. */
export interface Peer<S extends Schemas = Schemas, D = Notes> extends AnyPeer<D> {
  /**
   * Sends an event to this peer only. It is not kept.
   * Throws a `TypeError` if JSON cannot express `data`.
   */
  send<T extends keyof S & string>(type: T, data: z.output<S[T]>): void
}

/** A peer of a raw room. */
export interface RawPeer<D = Notes> extends AnyPeer<D> {
  /**
   * Sends a message to this peer only: a string as a text frame, bytes as a binary frame.
   * Throws a `TypeError` for anything else.
   */
  send(data: string | Uint8Array): void
}
