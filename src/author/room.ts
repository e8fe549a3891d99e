/** Rooms as their module sees them: what `open` is given. A live room is `room/room.ts`. */
import type { z } from 'zod'
import type { Notes, Peer, Present, RawPeer } from './peer.ts'
import type { Schemas } from './schemas.ts'
import type { Alarms, Storage } from './storage.ts'

/** The position of an event in its room's log. */
export interface Position {
  /** Counts the kept events of the room: 1, 2, 3, … */
  readonly seq: number
  /** The token with which a client resumes after this event. */
  readonly offset: string
}

interface Past<T extends string, D> extends Position {
  readonly type: T
  /** When it was published, in ms since 1970. */
  readonly time: number
  readonly data: D
}

/** A kept event of a type of `sends`, or the place of one that was redacted. */
export type PastEvent<S extends Schemas = Schemas> =
  | { [T in keyof S & string]: Past<T, z.output<S[T]>> }[keyof S & string]
  | Past<'redacted', { readonly seq: number }>

/**
 * The logger of a room: a child of the server's pino logger that adds the room's path to each line. Takes a message, or
 * an object of fields (an error as `err`) and a message.
 */
export interface RoomLogger {
  debug(fields: object | string, message?: string): void
  info(fields: object | string, message?: string): void
  warn(fields: object | string, message?: string): void
  error(fields: object | string, message?: string): void
}

/** What `room.send` may say to a room of the definition `D`. */
export type Say<D extends Speech> = {
  [T in keyof Receives<D> & string]: [type: T, data: z.input<Receives<D>[T]>, options?: { id?: string }]
}[keyof Receives<D> & string]

export interface Speech {
  receives?: Schemas
  sends?: Schemas
}

type Receives<D> = D extends { receives?: infer R extends Schemas } ? R : Schemas

/** The answer to a message. */
export interface Answer {
  /** Of its first event. */
  readonly seq?: number
  /** How well it is kept. */
  readonly kept: string
  /** It is the answer of an earlier message of the same id. */
  readonly duplicate?: true
}

interface AnyRoom<St, P> {
  /** The room's path, such as `/r/tea`. */
  readonly path: string
  /** The values of the path's parameters: `{ name: 'tea' }` for `/r/:name`. */
  readonly params: Readonly<Record<string, string>>
  /** Writes to the server's log. */
  readonly log: RoomLogger
  /** How many members there are. A person with several connections counts once. */
  readonly size: number
  /** What the room keeps over restarts. */
  readonly storage: Storage<St>
  /** When the room's `alarm` is called. */
  readonly alarms: Alarms
  /** The members, one entry for each id, in the order they joined; at most `limit` (default: all). */
  members(limit?: number): Present[]
  /** The peers that are members now, or those of one id. In `join` the peer is among them, in `leave` no longer. */
  peers(id?: string): P[]
  /** The current time in ms since 1970. In `corridor/testing` the test controls it. */
  now(): number
  /**
   * Calls `fn` every `ms` milliseconds until the room closes or the returned function is called. An async `fn` never
   * overlaps itself. Its errors are logged. Throws a `RangeError` if `ms` is no valid duration (up to years).
   */
  every(ms: number, fn: () => unknown): () => void
  /** Calls `fn` once after `ms` milliseconds. Otherwise like `every`. */
  after(ms: number, fn: () => unknown): () => void
  /**
   * Sends a message to another event room of this server, when the step that said it is kept. There its peer is no
   * member, `via` is `room`, and `id` and `name` are the path of this room. `room.send<typeof ledger>(…)` types it.
   * Rejects with the `RoomError` of that room, with `not_found`, or with `unavailable` after 5 s. The two rooms are two
   * transactions: with an `id` it may be sent again, and is handled once.
   */
  send<D extends Speech = Speech>(path: string, ...say: Say<D>): Promise<Answer>
}

/** A live event room. `S`: of `sends`; `St`: of `stores`; `D`: the data of its peers. */
export interface Room<S extends Schemas = Schemas, St = Schemas, D = Notes> extends AnyRoom<St, Peer<S, D>> {
  /**
   * Appends an event to the room's log, which delivers it to every member, in order.
   * Resolves with its position when it is as durable as `history.durable` asks.
   * Rejects with a `RoomError` `unavailable` if it cannot be kept, or if the room is closed.
   * Throws a `TypeError` if `type` is not in `sends` or JSON cannot express `data`.
   */
  publish<T extends keyof S & string>(type: T, data: z.output<S[T]>): Promise<Position>
  /** Delivers an event to the connected members, without `except`. It is not kept. Throws like `publish`. */
  broadcast<T extends keyof S & string>(type: T, data: z.output<S[T]>, to?: { except?: Peer<S, D> | undefined }): void
  /**
   * Resolves with kept events, oldest first: the first ones after the seq `after`, or the last ones before the seq
   * `before` (default: the newest); both exclude. `limit`: how many, from 1 (default 100; at most 1000 are returned).
   * Rejects with a `RangeError` if one of them is no such integer.
   */
  history(range?: { after?: number; before?: number; limit?: number }): Promise<PastEvent<S>[]>
  /**
   * Erases a kept event: its place stays, its type, data and sender are gone from disk. Everyone hears of it by an event
   * `redacted`. Rejects with a `RoomError` `gone` if the event is not kept.
   */
  redact(seq: number): Promise<Position>
  /** Forgets all events of before. Everyone hears a `reset`. The storage stays. */
  clearHistory(): Promise<Position>
}

/** A live raw room. */
export interface RawRoom<St = Schemas, D = Notes> extends AnyRoom<St, RawPeer<D>> {
  /** Delivers a message to the connected members, without `except`. Throws a `TypeError` for all but text and bytes. */
  broadcast(data: string | Uint8Array, to?: { except?: RawPeer<D> | undefined }): void
}
