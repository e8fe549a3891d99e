/**
 * The public types of room modules: `import { defineRoom } from 'corridor'`.
 *
 * A definition declares which messages a room receives and sends, and has the handlers for joins, messages and leaves.
 * `module-loader.ts` loads definitions, `room.ts` calls them. Nothing here runs a room.
 */
import type { z } from 'zod'

export { RoomError } from './errors.ts'
export { bytes, duration } from './units.ts'

/** Message types, each with the zod schema of its data. */
export type Schemas = Record<string, z.ZodType>

/** The parsed `options` of a module; `undefined` if it declares none. */
type Options<O> = O extends z.ZodType ? z.output<O> : undefined

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

/** The position of an event in its room's log. */
export interface Position {
  /** Counts the kept events of the room: 1, 2, 3, … */
  readonly seq: number
  /** The token with which a client resumes after this event. */
  readonly offset: string
}

/** A kept event. */
export interface PastEvent extends Position {
  readonly type: string
  /** When it was published, in ms since 1970. */
  readonly time: number
  readonly data: unknown
}

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

interface AnyPeer extends Member {
  /** The display name. A module may change it. Setting anything but a string throws a `TypeError`. */
  name: string
  /** Unique to this peer: two tabs with the same token share `id`, but not this. It stays the same over `rejoin`. */
  readonly connection: string
  /** Its transport. Clients cannot forge it. */
  readonly via: 'websocket' | 'socketio' | 'http' | 'room' | 'admin'
  /**
   * Whether it is a member now. An anonymous sender (a `POST` without `Corridor-Peer`) never is, and gets no events.
   */
  readonly isMember: boolean
  /** False while its connection is lost and it may still rejoin, and after it has left. */
  readonly isHere: boolean
  /** The verified claims of its token; `undefined` if it has none or the room has no `auth`. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** A place for the module's own data. Initially empty; kept as long as the peer is a member. */
  readonly data: Record<string, unknown>
  /**
   * Ends the connection and the membership at once.
   * `code`: 1000 (default) or 3000 to 4999 (RFC 6455, 7.4), else it throws a `RangeError`.
   * `reason`: a text, cut off after 123 bytes, else it throws a `TypeError`.
   */
  close(code?: number, reason?: string): void
}

/** A peer of an event room: a member, or the anonymous sender of a message. */
export interface Peer<S extends Schemas = Schemas> extends AnyPeer {
  /**
   * Sends an event to this peer only. It is not kept.
   * Throws a `TypeError` if JSON cannot express `data`.
   */
  send<T extends keyof S & string>(type: T, data: z.output<S[T]>): void
}

/** A peer of a raw room. */
export interface RawPeer extends AnyPeer {
  /**
   * Sends a message to this peer only: a string as a text frame, bytes as a binary frame.
   * Throws a `TypeError` for anything else.
   */
  send(data: string | Uint8Array): void
}

interface AnyRoom {
  /** The room's path, such as `/r/tea`. */
  readonly path: string
  /** The values of the path's parameters: `{ name: 'tea' }` for `/r/:name`. */
  readonly params: Readonly<Record<string, string>>
  /** Writes to the server's log. */
  readonly log: RoomLogger
  /** How many members there are. A person with several connections counts once. */
  readonly size: number
  /** The members, one entry for each id, in the order they joined; at most `limit` (default: all). */
  members(limit?: number): Present[]
  /** The current time in ms since 1970. In `corridor/testing` the test controls it. */
  now(): number
  /**
   * Calls `fn` every `ms` milliseconds until the room closes or the returned function is called. An async `fn` never
   * overlaps itself. Its errors are logged. Throws a `RangeError` if `ms` is no valid duration (up to years).
   */
  every(ms: number, fn: () => unknown): () => void
  /** Calls `fn` once after `ms` milliseconds. Otherwise like `every`. */
  after(ms: number, fn: () => unknown): () => void
}

/** A live event room. */
export interface Room<S extends Schemas = Schemas> extends AnyRoom {
  /** The peers that are members now, or those of one id. In `join` the peer is among them, in `leave` no longer. */
  peers(id?: string): Peer<S>[]
  /**
   * Appends an event to the room's log, which delivers it to every member, in order.
   * Resolves with its position when it is as durable as `history.durable` asks.
   * Rejects with a `RoomError` `unavailable` if it cannot be kept, or if the room is closed.
   * Throws a `TypeError` if `type` is not in `sends` or JSON cannot express `data`.
   */
  publish<T extends keyof S & string>(type: T, data: z.output<S[T]>): Promise<Position>
  /** Delivers an event to the connected members, without `except`. It is not kept. Throws like `publish`. */
  broadcast<T extends keyof S & string>(type: T, data: z.output<S[T]>, to?: { except?: Peer<S> | undefined }): void
  /**
   * Resolves with kept events, oldest first: the first ones after the seq `after`, or the last ones before the seq
   * `before` (default: the newest); both exclude. `limit`: how many, from 1 (default 100; at most 1000 are returned).
   * Rejects with a `RangeError` if one of them is no such integer.
   */
  history(range?: { after?: number; before?: number; limit?: number }): Promise<PastEvent[]>
}

/** A live raw room. */
export interface RawRoom extends AnyRoom {
  /** The peers that are members now, or those of one id. In `join` the peer is among them, in `leave` no longer. */
  peers(id?: string): RawPeer[]
  /** Delivers a message to the connected members, without `except`. Throws a `TypeError` for all but text and bytes. */
  broadcast(data: string | Uint8Array, to?: { except?: RawPeer | undefined }): void
}

export interface CommonHandlers<P> {
  /** A peer has joined. If this throws, the peer is refused: it is closed with 1008, and `leave` is not called. */
  join?(peer: P): unknown
  /** The peer's connection was lost (not closed). It may rejoin within `rejoinWithin`. */
  drop?(peer: P): unknown
  /** The peer has reconnected and got the kept events that it missed, but not the broadcasts. */
  rejoin?(peer: P): unknown
  /** The peer is no longer a member. Called once for every peer that `join` accepted. */
  leave?(peer: P): unknown
  /** The room closes. Called last, and awaited for 2 s at most. */
  close?(): unknown
}

/**
 * The handlers of an event room. They may be async. The messages of one peer are handled one after the other. Every
 * type in `receives` needs a handler: a missing one is a type error, and an error when the room opens. If a handler
 * throws a `RoomError`, the sender gets it. Any other error is logged, and the sender gets `internal`. A handler that
 * runs for more than 30 s is given up: what it publishes or sends later fails with `unavailable`.
 */
export type Handlers<R extends Schemas = Schemas, S extends Schemas = Schemas> = CommonHandlers<Peer<S>> &
  (keyof R extends never
    ? { receive?: Record<never, never> }
    : { receive: { [T in keyof R & string]: (peer: Peer<S>, data: z.output<R[T]>) => unknown } })

/** The handlers of a raw room. They may be async; errors are logged. */
export interface RawHandlers extends CommonHandlers<RawPeer> {
  /** A message has arrived: a text as a string, a binary message as bytes. */
  message?(peer: RawPeer, data: string | Uint8Array): unknown
}

/**
 * Decides whether a request may enter, before the upgrade and for every read and post, after the token (if any) was
 * verified. `claims`: of the token, `undefined` without one. May be async, within 10 s.
 * A thrown `RoomError` refuses with 403 and its code and message. `false` refuses with 403 and no reason. Any other
 * result admits.
 */
export type Admit = (
  claims: Readonly<Record<string, unknown>> | undefined,
  request: {
    readonly path: string
    readonly params: Readonly<Record<string, string>>
    readonly query: URLSearchParams
  },
) => unknown

/** A room of typed JSON messages. */
export interface EventDefinition<
  O extends z.ZodType | undefined = z.ZodType | undefined,
  R extends Schemas = Schemas,
  S extends Schemas = Schemas,
> {
  /** One sentence for the lobby and the description: a text, or one per language (`{ en: …, zh: … }`). */
  summary?: string | Record<string, string>
  /** The schema of `options` in rooms.json. They are checked when the server starts. */
  options?: O
  /** The messages that clients may send. `welcome`, `ack`, `error` and `reset` are reserved. */
  receives?: R
  /** The events that the room sends. */
  sends?: S
  /** Turns a plain text frame into a message. Without it, such a frame is answered with `bad_json`. */
  text?: (text: string) => { [T in keyof R & string]: { type: T; data: z.input<R[T]> } }[keyof R & string]
  /** Decides who may enter. Default: everyone. */
  admit?: Admit
  /**
   * Called when the first peer joins. Returns the handlers; may be async, within 10 s.
   * If it throws, the join is refused with 503, and the next join tries again.
   */
  open(room: Room<S>, options: Options<O>): Handlers<R, S> | Promise<Handlers<R, S>>
}

/** A room of text and binary messages, passed through as they are. The fields mean the same as in `EventDefinition`. */
export interface RawDefinition<O extends z.ZodType | undefined = z.ZodType | undefined> {
  summary?: string | Record<string, string>
  options?: O
  receives?: never
  sends?: never
  text?: never
  admit?: Admit
  open(room: RawRoom, options: Options<O>): RawHandlers | Promise<RawHandlers>
}

/** The default export of a room module. */
export type Definition = EventDefinition | RawDefinition

/**
 * Defines a room. With `receives` or `sends` it is an event room of typed JSON messages, validated before a handler
 * gets them. Without both it is a raw room, which receives and sends text and bytes as they are. Returns the definition
 * unchanged. It is checked when the server loads the module.
 */
export function defineRoom<O extends z.ZodType | undefined = undefined>(definition: RawDefinition<O>): RawDefinition<O>
export function defineRoom<
  O extends z.ZodType | undefined = undefined,
  R extends Schemas = Record<never, never>,
  S extends Schemas = Record<never, never>,
>(definition: EventDefinition<O, R, S>): EventDefinition<O, R, S>
export function defineRoom(definition: unknown): unknown {
  return definition
}
