/**
 * What a room author sees: `import { defineRoom } from 'corridor'`.
 *
 * A definition says which messages a room takes and sends and what happens when a peer joins, speaks or leaves.
 * `config.ts` loads definitions, `room.ts` calls them. Nothing here runs a room.
 */
import type { z } from 'zod'

export { RoomError } from './errors.ts'
export { bytes, duration } from './units.ts'

/** Message types and the schema of each one's data. */
export type Schemas = Record<string, z.ZodType>

/** The settings a module declares with `options`, parsed; `undefined` where it declares none. */
type Options<O> = O extends z.ZodType ? z.output<O> : undefined

/** Who is in a room, as others may see it. */
export interface Member {
  readonly id: string
  readonly name: string
}

/** One who is in a room: an entry for each id, with how many connections it has now (0: it is waited for). */
export interface Present extends Member {
  readonly connections: number
}

/** Where an event stands in its room's log. `offset` is the token a client resumes with. */
export interface Position {
  readonly seq: number
  readonly offset: string
}

/** An event as it is kept: `time` in ms since 1970. */
export interface PastEvent extends Position {
  readonly type: string
  readonly time: number
  readonly data: unknown
}

/** A logger, child of the server's, that names the room in each line (a pino child). */
export interface RoomLogger {
  debug(fields: object | string, message?: string): void
  info(fields: object | string, message?: string): void
  warn(fields: object | string, message?: string): void
  error(fields: object | string, message?: string): void
}

interface AnyPeer extends Member {
  /** The display name. A module may change it; `room.members()` tells the new one. */
  name: string
  /** One connection's own; two tabs with one token share `id`, not this. */
  readonly connection: string
  /** How it speaks. It cannot be forged. */
  readonly via: 'websocket' | 'http'
  /** Whether it is a member now: one that only speaks (a `POST` without `Corridor-Peer`) is none, and hears nothing. */
  readonly isMember: boolean
  /** False while its connection is lost and it is waited for. */
  readonly isHere: boolean
  /** The verified claims of the peer's token, where the room has `auth`. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** The module's own notes on this peer. */
  readonly data: Record<string, unknown>
  /** Ends the connection and the membership, from this moment on. `code`: 1000 or 3000–4999 (RFC 6455, 7.4); `reason`: cut at 123 bytes. */
  close(code?: number, reason?: string): void
}

/** One connection in an event room. */
export interface Peer<S extends Schemas = Schemas> extends AnyPeer {
  /** Speaks to this peer alone; not kept. */
  send<T extends keyof S & string>(type: T, data: z.output<S[T]>): void
}

/** One connection in a raw room. */
export interface RawPeer extends AnyPeer {
  /** Speaks to this peer alone: a string goes as a text frame, bytes as a binary one. */
  send(data: string | Uint8Array): void
}

interface AnyRoom {
  /** The room's path, as in `/r/tea`. */
  readonly path: string
  /** The values of the path's parameters: `{ name: 'tea' }` for `/r/:name`. */
  readonly params: Readonly<Record<string, string>>
  readonly log: RoomLogger
  /** How many are in now; somebody with several connections counts once. */
  readonly size: number
  /** Who is in now, one entry for each id, in the order they came; at most `limit` (default: everyone). */
  members(limit?: number): Present[]
  /** Now, in ms since 1970; under a test's control in `corridor/testing`. */
  now(): number
  /**
   * Calls `fn` each `ms` until the room closes or the returned function is called; an async `fn` never overlaps itself.
   * What it throws is logged. Any span up to years; anything else is a `RangeError`.
   */
  every(ms: number, fn: () => unknown): () => void
  /** Calls `fn` once after `ms`, unless the room closes or the returned function is called before. */
  after(ms: number, fn: () => unknown): () => void
}

/** A live event room. */
export interface Room<S extends Schemas = Schemas> extends AnyRoom {
  /** The peers that are in now, or those of one id; in `join` the peer is among them, in `leave` not any more. */
  peers(id?: string): Peer<S>[]
  /**
   * Appends an event to the room's log, which delivers it to everyone, in order.
   * Resolves when it is as durable as the room asks; rejects with a `RoomError` `unavailable` when it cannot be kept.
   */
  publish<T extends keyof S & string>(type: T, data: z.output<S[T]>): Promise<Position>
  /** Delivers an event once to whoever is here now; it is not kept. */
  broadcast<T extends keyof S & string>(type: T, data: z.output<S[T]>, to?: { except?: Peer<S> | undefined }): void
  /** Kept events, oldest first: those after `after` (default: the newest `limit`), at most `limit` (100). */
  history(range?: { after?: number; limit?: number }): Promise<PastEvent[]>
}

/** A live raw room. */
export interface RawRoom extends AnyRoom {
  /** The peers that are in now, or those of one id; in `join` the peer is among them, in `leave` not any more. */
  peers(id?: string): RawPeer[]
  /** Delivers a message once to whoever is here now. */
  broadcast(data: string | Uint8Array, to?: { except?: RawPeer | undefined }): void
}

interface CommonHandlers<P> {
  /** What it throws refuses the peer: it is closed with 1008, and `leave` is not called. */
  join?(peer: P): unknown
  /** The peer's connection was lost (not closed), and it is waited for (`rejoinWithin`). */
  drop?(peer: P): unknown
  /** It is back on a new connection, with what it missed of the log, but not of what was only broadcast. */
  rejoin?(peer: P): unknown
  leave?(peer: P): unknown
  close?(): unknown
}

/**
 * What an event room does. Handlers may be async; one peer's messages are handled one after the other. A room that
 * receives must say how: a type without a handler is an error here, and one when the room opens.
 */
export type Handlers<R extends Schemas = Schemas, S extends Schemas = Schemas> = CommonHandlers<Peer<S>> &
  (keyof R extends never
    ? { receive?: Record<never, never> }
    : { receive: { [T in keyof R & string]: (peer: Peer<S>, data: z.output<R[T]>) => unknown } })

/** What a raw room does. */
export interface RawHandlers extends CommonHandlers<RawPeer> {
  message?(peer: RawPeer, data: string | Uint8Array): unknown
}

/**
 * Lets somebody in or not, after the token (if any) was verified: before the upgrade and for every read and post. What
 * it throws as a `RoomError` refuses with 403, code and message told; `false` refuses without a reason, any other answer
 * lets in. It may be async.
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
  /** One sentence for the lobby and the description. */
  summary?: string
  /** Checks the mount's `options` at start. */
  options?: O
  /** What clients may say. `welcome`, `ack`, `error` and `reset` are reserved. */
  receives?: R
  /** What the room says. */
  sends?: S
  /** What a plain text frame means. Without it, such a frame is answered with `bad_json`. */
  text?: (text: string) => { [T in keyof R & string]: { type: T; data: z.input<R[T]> } }[keyof R & string]
  admit?: Admit
  /** Called when the first peer comes. A throw refuses joins with 503 and is tried again. */
  open(room: Room<S>, options: Options<O>): Handlers<R, S> | Promise<Handlers<R, S>>
}

/** A room of text and binary messages as they come. */
export interface RawDefinition<O extends z.ZodType | undefined = z.ZodType | undefined> {
  summary?: string
  options?: O
  receives?: never
  sends?: never
  text?: never
  admit?: Admit
  open(room: RawRoom, options: Options<O>): RawHandlers | Promise<RawHandlers>
}

/** What a room module exports by default. */
export type Definition = EventDefinition | RawDefinition

/**
 * Defines a room. With `receives` or `sends` it is an event room of typed JSON messages, validated before a handler
 * sees them; without both it is a raw room that gets and sends text and bytes as they are.
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
