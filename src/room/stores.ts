/**
 * The schemas of a room's storage, by key, and what they make of a stored value. `storage.ts` asks for each key;
 * `config/definition-check.ts` has checked the names before.
 */
import type { z } from 'zod'
import type { Schemas } from '../define.ts'
import type { Stored } from '../log/log.ts'
import { issueLines, show, suggestion } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'

/** The longest key, in characters. */
const MAX_KEY = 256

/** Values that a default may be, and that could be changed although they are frozen. */
const CHANGEABLE = [Uint8Array, Date, Map, Set]

/** A value as the storage holds it in memory. */
export interface Item {
  /** How much of `limits.storage` it takes, with its key. */
  readonly bytes: number
  /** What its schema made of it, frozen; unless `stored` is there. */
  readonly value: unknown
  /** What is kept, if the value could be changed although it is frozen: then each `get` makes it anew. */
  readonly stored: Stored | undefined
}

export class Stores {
  readonly #names = new Map<string, z.ZodType>()
  readonly #families: (readonly [name: string, schema: z.ZodType])[] = []
  /** Those that make nothing of nothing: to find that out costs as much as a mistake. */
  readonly #withoutDefault = new Set<z.ZodType>()

  constructor(stores: Schemas = {}) {
    for (const [name, schema] of Object.entries(stores)) {
      if (name.endsWith('/')) this.#families.push([name, schema])
      else this.#names.set(name, schema)
    }
  }

  /** The schema of a key; `undefined`: no name of `stores` covers it. */
  schemaOf(key: string): z.ZodType | undefined {
    return (
      this.#names.get(key) ?? this.#families.find(([name]) => key.length > name.length && key.startsWith(name))?.[1]
    )
  }

  /** Throws a `TypeError` unless `key` is one of this storage. `what`: the caller, for the message. */
  mustCover(what: string, key: string): z.ZodType {
    if (typeof key !== 'string') throw new TypeError(`${what}: expected a key as text, got ${show(key)}`)
    const schema = this.schemaOf(key)
    if (!schema) throw new TypeError(`${what}: ${this.#uncovered(key)}`)
    if (key.length > MAX_KEY || !key.isWellFormed())
      throw new TypeError(`${what}: expected a key of at most ${MAX_KEY} whole characters, got ${show(key)}`)
    return schema
  }

  /** Throws a `TypeError` unless `prefix` begins with the name of a family. */
  mustBePrefix(what: string, prefix: string): void {
    if (typeof prefix === 'string' && this.#families.some(([name]) => prefix.startsWith(name))) return
    const families = this.#families.map(([name]) => `"${name}"`).join(', ') || 'which this room has none of'
    throw new TypeError(
      `${what}: expected the name of a family, or what begins with one (${families}), got ${show(prefix)}`,
    )
  }

  /** What is kept of a value: JSON text, or a copy of its bytes. Throws a `TypeError` that names `key` if it is neither. */
  storedOf(key: string, value: unknown): Stored {
    if (value instanceof Uint8Array) return new Uint8Array(value)
    const text = jsonOf(key, value)
    if (text === undefined)
      throw new TypeError(`storage.${key}: expected JSON or bytes, got ${show(value)}; delete() removes a key`)
    return text
  }

  /** A stored value in memory. Throws a `TypeError` that names its key if it does not match its schema. */
  itemOf(key: string, schema: z.ZodType, stored: Stored): Item {
    const value = this.read(key, schema, stored)
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(stored)
    return freeze(value) ? { bytes, value, stored: undefined } : { bytes, value: undefined, stored }
  }

  /** What its schema makes of a stored value. */
  read(key: string, schema: z.ZodType, stored: Stored): unknown {
    return parsed(key, schema, typeof stored === 'string' ? JSON.parse(stored) : new Uint8Array(stored))
  }

  /** What a schema makes of nothing: its default, or `undefined`. */
  defaultOf(key: string, schema: z.ZodType): unknown {
    if (this.#withoutDefault.has(schema)) return undefined
    const result = safely(key, () => schema.safeParse(undefined))
    if (!result.success) {
      this.#withoutDefault.add(schema)
      return undefined
    }
    // Bytes and the like cannot be frozen, and the schema hands out the same each time.
    if (CHANGEABLE.some((type) => result.data instanceof type)) return structuredClone(result.data)
    freeze(result.data)
    return result.data
  }

  #uncovered(key: string): string {
    const isFamily = this.#families.some(([name]) => name === key)
    return `"stores" has no key ${show(key)}; ${isFamily ? 'a key is longer than its family' : this.#suggestion(key)}`
  }

  #suggestion(key: string): string {
    const known = [...this.#names.keys(), ...this.#families.map(([name]) => name)]
    return known.length > 0 ? suggestion(key, known) : 'declare it there'
  }
}

function jsonOf(key: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new TypeError(`storage.${key}: expected JSON or bytes, got ${show(value)}: ${errorOf(error).message}`)
  }
}

function parsed(key: string, schema: z.ZodType, value: unknown): unknown {
  const result = safely(key, () => schema.safeParse(value, { reportInput: true }))
  if (result.success) return result.data
  throw new TypeError(issueLines(result.error.issues, schema, `storage.${key}`).join('; '))
}

/** An async schema throws: the storage is synchronous. */
function safely<T>(key: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const hint = errorOf(error).message
    throw new TypeError(`storage.${key}: expected a schema that is synchronous and does not throw, got: ${hint}`)
  }
}

/** Freezes lists and plain objects, whole. Returns whether there is nothing else in the value that could be changed. */
function freeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null
  if (!isPlain) return false
  let isWhole = true
  for (const inner of Object.values(value)) isWhole = freeze(inner) && isWhole
  Object.freeze(value)
  return isWhole
}
