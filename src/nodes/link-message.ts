/**
 * What two nodes tell each other over a link: plain data. The node that dials is the edge, the one that accepts is asked
 * as an owner. `network.ts` carries messages, `link.ts` sends and takes them.
 *
 * A place is an edge's attachment to one room of the owner, with a number of its own: what comes for an earlier place is
 * dropped. A session is one peer of the edge in a place.
 */
import type { Frame } from '../delivery/frame.ts'
import type { CloseReason } from '../errors.ts'
import type { ProducerKey } from '../log/log.ts'
import type { Message } from '../room/protocol.ts'
import type { Visitor } from '../room/session.ts'
import type { Limit } from '../tally.ts'

/** Random at each start of a node: 22 characters. */
export type NodeId = string

/** A refusal of an owner, which the edge passes on. */
export interface LinkRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly limit?: Limit | undefined
}

/** A `RoomError` of an owner: what it is beside its kind. */
export interface LinkError {
  readonly code: string
  readonly message: string
  readonly details?: unknown
  /** Of an `InvalidError`. */
  readonly issues?: readonly unknown[]
  /** Of a `LimitError`. */
  readonly limit?: Limit
  /** It is a `RepeatedError`. */
  readonly isRepeated?: true
}

/** A peer that an edge brings into a room. */
export interface Bringing {
  readonly session: number
  readonly visitor: Visitor
  /** Where it resumes: a token, `-1` or `now`. */
  readonly offset: string | undefined
  /** It was in the room before it moved: `peer.resumed`, and no `Close.replaced` for a connection that began later. */
  readonly isMoved: boolean
  /** When its connection began, by the time of all nodes. */
  readonly begunMs: number
}

/** One step of what a room sends to the peers of an edge, in order. */
export type RelayItem =
  /** To every session that has entered, but `except`. */
  | { readonly to: 'all'; readonly frame: Frame; readonly except: number | undefined }
  | { readonly to: 'one'; readonly session: number; readonly frames: readonly Frame[] }
  /** The session has caught up: from here on it hears what goes to all. */
  | { readonly to: 'enter'; readonly session: number }
  /** From here on it hears nothing more of what goes to all; its `close` may follow later. */
  | { readonly to: 'leave'; readonly session: number }

/** From the edge to the owner. */
export type ToOwner =
  /** Answered by `attached` or `refused`. `peers`: those of a room that has moved, all at once. */
  | {
      readonly op: 'attach'
      readonly place: number
      readonly path: string
      /** As the edge has the module of the room: the frames of the two kinds differ. */
      readonly kind: 'event' | 'raw'
      /** The highest term that the edge has seen of this room. */
      readonly term: number
      readonly peers: readonly Bringing[]
    }
  | { readonly op: 'detach'; readonly place: number }
  /**
   * Keeps a place for a peer. Answered with `{ resumes }`: whether its offset would resume (`undefined`: it has none, or
   * the room is raw), or `failed` with a refusal. `isStream`: it is an event stream.
   */
  | {
      readonly op: 'reserve'
      readonly place: number
      readonly ask: number
      readonly client: string | undefined
      readonly offset: string | undefined
      readonly isStream: boolean
    }
  /** Gives a reservation back, unused or after `join`. */
  | { readonly op: 'release'; readonly place: number; readonly ask: number }
  | { readonly op: 'join'; readonly place: number; readonly peer: Bringing }
  | {
      readonly op: 'receive'
      readonly place: number
      readonly session: number
      readonly data: string | Uint8Array
      readonly ref: number | undefined
    }
  /** Answered with a `Posted`. */
  | {
      readonly op: 'post'
      readonly place: number
      readonly session: number
      readonly ask: number
      readonly messages: readonly Message[]
      readonly producerKey: ProducerKey | undefined
    }
  | { readonly op: 'gone'; readonly place: number; readonly session: number; readonly isLost: boolean }
  | { readonly op: 'end'; readonly place: number; readonly session: number; readonly reason: CloseReason }
  /** Frames for this session alone were written to its socket; `bytes`: the sum of `Frame.length`. */
  | { readonly op: 'written'; readonly place: number; readonly session: number; readonly bytes: number }
  /** The answer to `moving`: no message of this place comes any more before `over`. */
  | { readonly op: 'quiet'; readonly place: number }

/** From the owner to the edge. */
export type ToEdge =
  | {
      readonly op: 'attached'
      readonly place: number
      readonly term: number
      readonly epoch: string
      readonly seq: number
      /** The seq after which a newcomer's history begins. */
      readonly newcomerAfter: number
    }
  /** The attach is refused, or no such place is there (any more). */
  | { readonly op: 'refused'; readonly place: number; readonly refusal: LinkRefusal }
  | { readonly op: 'items'; readonly place: number; readonly items: readonly RelayItem[] }
  | { readonly op: 'rest'; readonly place: number; readonly session: number; readonly ms: number }
  /** Ends a connection, after all items before. */
  | { readonly op: 'close'; readonly place: number; readonly session: number; readonly reason: CloseReason }
  | { readonly op: 'drop'; readonly place: number; readonly session: number }
  /** The room is about to move: messages wait at the edge until `over`. Answered by `quiet`. */
  | { readonly op: 'moving'; readonly place: number }
  /** The room is not here any more. `to`: who has it now; `undefined`: the edge must find out. */
  | { readonly op: 'over'; readonly place: number; readonly to: NodeId | undefined }

/** In both directions. */
export type Either =
  /** A question of one node to another, answered by `answer` or `failed`; `questions.ts` lists them. */
  | { readonly op: 'ask'; readonly ask: number; readonly name: string; readonly args: unknown }
  | { readonly op: 'answer'; readonly ask: number; readonly value: unknown }
  | {
      readonly op: 'failed'
      readonly ask: number
      /** A `Refusal` or a `RoomError`; `link-failure.ts` reads and writes them. */
      readonly refusal?: LinkRefusal | undefined
      readonly error?: LinkError | undefined
    }
  /** Said each second: how long ago Redis last answered this node. */
  | { readonly op: 'status'; readonly redisAgeMs: number }
  /** The last word of a node that ends: it has no rooms any more. */
  | { readonly op: 'ends' }

export type LinkMessage = ToOwner | ToEdge | Either
