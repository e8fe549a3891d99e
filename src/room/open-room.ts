/**
 * An open room as transports know it: they join peers, and, of an event room, answer plain HTTP. `rooms.ts` gives a place
 * in one; `event-room.ts` and `raw-room.ts` are the two kinds, told apart by `kind`.
 */

import type { Frame } from '../delivery/frame.ts'
import type { Wire } from '../delivery/wire.ts'
import type { RoomError } from '../errors.ts'
import type { Lost, ProducerKey, Resume } from '../log/log.ts'
import type { Limit } from '../tally.ts'
import type { Produced } from './producers.ts'
import type { Message } from './protocol.ts'
import type { Session, Visitor } from './session.ts'

interface CommonRoom {
  readonly path: string
  /** Nobody comes in any more. */
  readonly isClosed: boolean
  /** Lets a peer in: it hears of the past, then what is said. Listen for messages before. */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): Session
}

export interface OpenRawRoom extends CommonRoom {
  readonly kind: 'raw'
}

export interface EventRoom extends CommonRoom {
  readonly kind: 'event'
  readonly readers: RoomReaders
  /** What `join` said to a client that it let not in a moment ago. */
  refusalOf(client: string | undefined): RoomError | undefined
  join(visitor: Visitor, wire: Wire, offset: string | undefined): EventSession
  /** Somebody who speaks over HTTP and is no member. Answers are not sent to it. */
  anonymousSender(visitor: Visitor): Sender
}

export type OpenRoom = EventRoom | OpenRawRoom

/** Who says something over plain HTTP. */
export interface Sender {
  /**
   * Handles messages that came together, all or none. Resolves when what they did is kept. Rejects with a `RoomError`, or
   * with a `Refusal` if the sender may say no more now.
   */
  post(messages: readonly Message[], how?: Posting): Promise<Posted>
}

/** A member's session, which may also post. */
export interface EventSession extends Session, Sender {}

export interface Posting {
  /** A producer's claim, which is kept with them. */
  readonly producerKey?: ProducerKey | undefined
  /** Whoever posted them was told that they are not handled. */
  readonly isLate?: () => boolean
}

/** What became of it: of a producer's batch, or the seq of the first event. */
export interface Posted {
  readonly produced?: Produced
  readonly seq?: number | undefined
}

/** Reading a room without being in it. */
export interface RoomReaders {
  readonly epoch: string
  /** The oldest event kept. */
  readonly first: number
  /** The seq after which a newcomer begins. */
  readonly newcomerAfter: number
  /** The seq after which a reader begins: `-1` is the oldest event kept, `now` what comes from now on. */
  find(token: string): Resume
  /** The token of a place in the log; by default of its end. */
  offset(seq?: number): string
  /** The page after `after`, of at most `limit` events; `undefined` if retention took its beginning meanwhile. */
  page(after: number, limit?: number): Promise<Page | undefined>
  /** The page that ends before the event `before`: of at most `limit` events, the newest of those that are older. */
  pageBefore(before: number, limit?: number): Promise<Page>
  /** What tells a reader that the log does not go on from where it was. */
  reset(reason: Lost): Frame
  /** Sends a wire everything after `after` and then whatever is delivered, until it leaves. */
  subscribe(wire: Wire, after: number): Subscription
}

/** A part of the log. */
export interface Page {
  readonly frames: readonly Frame[]
  /** The seq of the event before its first, which is where it was read from. */
  readonly after: number
  /** The seq of its last event, or of the place it was read from. */
  readonly end: number
  /** The token to read on with. */
  readonly next: string
  /** Nothing more was there when it was read. */
  readonly isUpToDate: boolean
}

/** One who only listens. */
export interface Subscription {
  /** It does not take what is sent to it: the room ends it when it can. */
  cutSlow(limit: Limit): void
  /** It hears nothing more. A second call does nothing. */
  leave(): void
}
