/**
 * The schemas of a room module, and the types that follow from them. The other files of this folder use them;
 * `define.ts` exports what an author names.
 */
import type { z } from 'zod'

/** Names, each with the zod schema of what goes under it: message types, or keys of the storage. */
export type Schemas = Record<string, z.ZodType>

/** A module that declares none. */
export type None = Record<never, never>

/** The parsed `options` of a module; `undefined` if it declares none. */
export type Options<O> = O extends z.ZodType ? z.output<O> : undefined

/** A value that cannot be changed, whole. Bytes are given as a copy instead. */
export type Frozen<T> = T extends
  | Uint8Array
  | ((...args: never[]) => unknown)
  | string
  | number
  | boolean
  | null
  | undefined
  ? T
  : T extends readonly (infer I)[]
    ? number extends T['length']
      ? readonly Frozen<I>[]
      : { readonly [K in keyof T]: Frozen<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T
