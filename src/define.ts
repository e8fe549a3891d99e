/**
 * What room modules import: `import { defineRoom } from 'corridor'`.
 *
 * A definition declares which messages a room receives and sends and what it stores, and has the handlers for joins,
 * messages, alarms and leaves. The types of what it is given are in `author/`. `module-loader.ts` loads definitions,
 * `room.ts` calls them. Nothing here runs a room.
 */
import { z } from 'zod'
import type { Admit, Handlers, RawHandlers } from './author/handlers.ts'
import type { Notes, Who } from './author/peer.ts'
import type { RawRoom, Room } from './author/room.ts'
import type { None, Options, Schemas } from './author/schemas.ts'

export type { Admit, CommonHandlers, Handlers, RawHandlers } from './author/handlers.ts'
export type { Member, Notes, Peer, Present, RawPeer, Who } from './author/peer.ts'
export type { Answer, PastEvent, Position, RawRoom, Room, RoomLogger } from './author/room.ts'
export type { Schemas } from './author/schemas.ts'
export type { Alarms, Storage } from './author/storage.ts'
export { RoomError } from './errors.ts'
export { bytes, duration } from './units.ts'

/**
 * The schema of bytes in `stores`: a `Uint8Array`, of whatever buffer. (`z.instanceof(Uint8Array)` takes those of an
 * `ArrayBuffer` only, which is not what most libraries are typed to return.)
 */
export const binary: z.ZodType<Uint8Array, Uint8Array> = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  'expected a Uint8Array',
)

interface AnyDefinition<O, St, D> {
  /** One sentence for the lobby and the description: a text, or one per language (`{ en: …, zh: … }`). */
  summary?: string | Record<string, string>
  /** The schema of `options` in rooms.json. They are checked when the server starts. */
  options?: O
  /**
   * What `room.storage` holds: a key, or a family of keys whose name ends in `/`, and the schema of its values.
   * JSON, or bytes (`binary`). The schemas are synchronous.
   */
  stores?: St
  /**
   * Returns what `peer.data` begins as, for who joins or speaks. With a parameter it stands before `open`, or TypeScript
   * cannot infer its type.
   */
  data?: (who: Who) => D
  /** Decides who may enter. Default: everyone. */
  admit?: Admit
}

/** A room of typed JSON messages. */
export interface EventDefinition<
  O = z.ZodType | undefined,
  R extends Schemas = Schemas,
  S extends Schemas = Schemas,
  St extends Schemas = Schemas,
  D extends object = Notes,
> extends AnyDefinition<O, St, D> {
  /** The messages that clients may send. `welcome`, `ack`, `error` and `reset` are reserved. */
  receives?: R
  /** The events that the room sends. */
  sends?: S
  /** Turns a plain text frame into a message. Without it, such a frame is answered with `bad_json`. */
  text?: (text: string) => { [T in keyof R & string]: { type: T; data: z.input<R[T]> } }[keyof R & string]
  moves?: never
  /**
   * Called when the first peer joins, or an alarm is due. Returns the handlers; may be async, within 10 s.
   * If it throws, the join is refused with 503, and the next join tries again.
   */
  open(room: Room<S, St, D>, options: Options<O>): Handlers<R, S, D> | Promise<Handlers<R, S, D>>
}

/** A room of text and binary messages, passed through as they are. The fields mean the same as in `EventDefinition`. */
export interface RawDefinition<O = z.ZodType | undefined, St = Schemas, D extends object = Notes>
  extends AnyDefinition<O, St, D> {
  receives?: never
  sends?: never
  text?: never
  /**
   * With several nodes: when the room moves to another node, its peers stay connected, and `join` is called again for each,
   * with `peer.resumed`. What was on its way is lost, so the messages must bear that. Otherwise they are closed with 1012,
   * to come back.
   */
  moves?: boolean
  open(room: RawRoom<St, D>, options: Options<O>): RawHandlers<D> | Promise<RawHandlers<D>>
}

/** The default export of a room module. */
export type Definition = EventDefinition | RawDefinition

/**
 * Defines a room. With `receives` or `sends` it is an event room of typed JSON messages, validated before a handler
 * gets them. Without both it is a raw room, which receives and sends text and bytes as they are. Returns the definition
 * unchanged. It is checked when the server loads the module.
 *
 * What a handler does up to its next `await` or its end is one step: what it publishes, stores and does to alarms is
 * kept in one transaction, and what it sends leaves only then. A step that throws did nothing.
 */
export function defineRoom<
  O extends z.ZodType | undefined = undefined,
  St extends Schemas = None,
  D extends object = Notes,
>(definition: RawDefinition<O, St, D>): RawDefinition<O, St, D>
export function defineRoom<
  O extends z.ZodType | undefined = undefined,
  R extends Schemas = None,
  S extends Schemas = None,
  St extends Schemas = None,
  D extends object = Notes,
>(definition: EventDefinition<O, R, S, St, D>): EventDefinition<O, R, S, St, D>
export function defineRoom(definition: unknown): unknown {
  return definition
}
