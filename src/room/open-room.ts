/**
 * A room as transports see it. A `JoinableRoom` is what they join peers to, wherever it lives; an `OpenRoom` is open here,
 * and if it is an event room, it answers plain HTTP too. `event-room.ts` and `raw-room.ts` are the two kinds, distinguished
 * by `kind`.
 */

import type { Frame } from '../delivery/frame.ts'
import type { Wire } from '../delivery/wire.ts'
import type { RoomError } from '../errors.ts'
import type { Kept, Lost, ProducerKey, Resume } from '../log/log.ts'
import type { Limit } from '../tally.ts'
import type { Produced } from './producers.ts'
import type { Message } from './protocol.ts'
import type { Chain } from './room-message.ts'
import type { Session, Visitor } from './session.ts'

interface CommonRoom {
  readonly path: string
  /** No more peers may join. */
  readonly isClosed: boolean
  /**
   * Joins a peer: it gets the past events, then the live ones. The transport MUST listen for messages before it calls
   * this.
   */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): Session
}

export interface JoinableRawRoom extends CommonRoom {
  readonly kind: 'raw'
}

/** Knows the offsets of a room's events. */
export interface Offsets {
  /** The offset of a seq, by default of the newest event that is known here. */
  offset(seq?: number): string
}

export interface JoinableEventRoom extends CommonRoom, Offsets {
  readonly kind: 'event'
  /** Whether a peer that joined now with this offset would resume there. */
  resumes(offset: string): boolean
  /** The error with which `join` refused this client in the last seconds. */
  refusalOf(client: string | undefined): RoomError | undefined
  join(visitor: Visitor, wire: Wire, offset: string | undefined): EventSession
}

export type JoinableRoom = JoinableEventRoom | JoinableRawRoom

/** An event room that is open here. */
export interface EventRoom extends JoinableEventRoom {
  readonly readers: RoomReaders
  /** A sender over HTTP that is no member. No frames are sent to it. */
  anonymousSender(visitor: Visitor): Sender
}

export type OpenRoom = EventRoom | JoinableRawRoom

/** Sends messages over plain HTTP. */
export interface Sender {
  /**
   * Handles the messages of one request, all or none. Resolves when their events are kept. Rejects with a `RoomError`,
   * or with a `Refusal` if the sender may not send now.
   */
  post(messages: readonly Message[], how?: Posting): Promise<Posted>
}

/** The session of a member, which may also post. */
export interface EventSession extends Session, Sender {}

export interface Posting {
  /** The key of a producer, kept with the messages. */
  readonly producerKey?: ProducerKey | undefined
  /** Whether the request was already answered as not handled. */
  readonly isLate?: () => boolean
  /** The messages of rooms that wait for it, if another room sent it. */
  readonly chain?: Chain | undefined
}

/** The outcome of a producer's batch, or the seq of the first event. */
export interface Posted {
  readonly produced?: Produced
  readonly seq?: number | undefined
  /** How well it is kept. */
  readonly kept: Kept
  /** It is the answer of an earlier message of the same id. */
  readonly isDuplicate?: boolean
}

/** Reads a room without a membership. */
export interface RoomReaders extends Offsets {
  readonly epoch: string
  /** The oldest event kept. */
  readonly first: number
  /** The newest event delivered. */
  readonly seq: number
  /** The seq after which a new peer begins. */
  readonly newcomerAfter: number
  /**
   * The seq after which an offset resumes, or why it cannot: `-1` is the oldest event kept, `now` the end of the log.
   */
  find(token: string): Resume
  /** The page of at most `limit` events after `after`; `undefined` if retention removed its beginning. */
  page(after: number, limit?: number): Promise<Page | undefined>
  /** The page of at most `limit` events that ends just before the event `before`. */
  pageBefore(before: number, limit?: number): Promise<Page>
  /** The frame that reports a gap in the log to a reader. */
  reset(reason: Lost): Frame
  /** Sends a wire the events after `after`, then the live ones, until it leaves. */
  subscribe(wire: Wire, after: number): Subscription
}

/** A part of the log. */
export interface Page {
  readonly frames: readonly Frame[]
  /** The seq before its first event: where it was read from. */
  readonly after: number
  /** The seq of its last event, or `after` if it is empty. */
  readonly end: number
  /** The offset of the next page. */
  readonly next: string
  /** It reached the end of the log when it was read. */
  readonly isUpToDate: boolean
}

/** A reader that follows live events. */
export interface Subscription {
  /** Cuts off a reader that does not read. The room ends it as soon as possible. */
  cutSlow(limit: Limit): void
  /** Ends the subscription. A second call does nothing. */
  leave(): void
}
