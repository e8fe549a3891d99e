/**
 * `room.storage` and `room.alarms`: what a room keeps beside its log, typed by the schemas of `stores`.
 */
import type { z } from 'zod'
import type { Frozen, Schemas } from './schemas.ts'

/** Names that end in "/": any longer key that begins with one is of its schema. */
type FamilyOf<St> = Extract<keyof St, `${string}/`>
type NameOf<St> = Exclude<keyof St & string, FamilyOf<St>>
/** The keys of a storage. */
export type KeyOf<St> = NameOf<St> | `${FamilyOf<St>}${string}`
/** The schema of a key: one, since two names that both fit a key are a mistake at start. */
type SchemaOf<St, K> =
  K extends NameOf<St> ? St[K] : { [F in FamilyOf<St>]: K extends `${F}${string}` ? St[F] : never }[FamilyOf<St>]
type Out<Z> = Z extends z.ZodType ? Frozen<z.output<Z>> : never
type In<Z> = Z extends z.ZodType ? Frozen<z.input<Z>> : never
/** Where nothing is stored: the schema's default, else `undefined`. */
type Got<Z> = Z extends z.ZodType ? (undefined extends z.input<Z> ? Out<Z> : Out<Z> | undefined) : never
type EntryOf<St> = {
  [N in keyof St & string]: readonly [key: N extends `${string}/` ? `${N}${string}` : N, value: Out<St[N]>]
}[keyof St & string]

/**
 * What a room keeps over restarts: values by key, JSON or bytes, as durable as its log. Synchronous, since a live room
 * holds it in memory. After the room has closed everything throws a `RoomError` `unavailable`.
 */
export interface Storage<St = Schemas> {
  /**
   * What the schema makes of the stored value, frozen (bytes: a copy). Where nothing is stored: the schema's
   * `.default()`, else `undefined`. Throws a `TypeError` if `stores` has no such key.
   */
  get<K extends KeyOf<St>>(key: K): Got<SchemaOf<St, K>>
  /**
   * Stores a value as it is now. It is kept with the step (see `defineRoom`), as given; the schema checks it.
   * Throws a `TypeError` if `stores` has no such key or the value does not match its schema, and a `RoomError`
   * `storage_full` beyond `limits.storage`. Then nothing has changed.
   */
  set<K extends KeyOf<St>>(key: K, value: In<SchemaOf<St, K>>): void
  /** Deletes a key. Returns whether there was something. */
  delete(key: KeyOf<St>): boolean
  /**
   * All entries, or those of a family, sorted by key. An array of its own: the storage may change while it is walked.
   */
  entries(): readonly EntryOf<St>[]
  entries<P extends `${FamilyOf<St>}${string}`>(
    prefix: P,
  ): readonly (readonly [key: `${P}${string}`, value: Out<SchemaOf<St, P>>])[]
  /** Deletes all keys, or all of a prefix. */
  clear(prefix?: `${FamilyOf<St>}${string}`): void
  /** How many keys are stored. */
  readonly size: number
  /** How many bytes of `limits.storage` they take: keys, and values as JSON or as the bytes they are. */
  readonly bytes: number
}

/**
 * The alarms of a room: `alarm(name, at)` is called when one is due, also if the room was closed or the server was down
 * meanwhile. As durable as the storage. At most 100 for each room.
 */
export interface Alarms {
  /**
   * Sets an alarm, instead of one of the same name. `at`: ms since 1970; a time that is past means now.
   * Throws a `TypeError` if the room has no `alarm` handler, and a `RangeError` for a bad name or time, or too many.
   */
  set(name: string, at: number): void
  /** When it is due. `undefined`: there is none of this name, or its handler runs now. */
  get(name: string): number | undefined
  /** Deletes an alarm. Returns whether there was one. */
  delete(name: string): boolean
  /** All alarms, the next one due first. */
  entries(): readonly (readonly [name: string, at: number])[]
}
