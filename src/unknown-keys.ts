/**
 * What stands in a room's `options` and is not in its module's schema. zod drops such keys without a word; here each is
 * found, so that a misspelt option is a mistake as any other key of `rooms.json` is. A schema that takes more
 * (`z.looseObject`, `catchall`, `z.record`) is believed. `definition.ts` asks after the schema has passed the options.
 */
import type { z } from 'zod'
import { isObject } from './json-text.ts'

export interface UnknownKey {
  readonly path: readonly string[]
  /** The keys that could have been meant. */
  readonly known: readonly string[]
}

type Schema = z.core.$ZodType
type Def = Readonly<Record<string, unknown>>

/** Options are JSON, whose depth the file's reader bounds; a schema that leads back to itself is followed no further. */
const DEPTH = 200

/** The keys in `value`, at any depth, that `schema` does not know. */
export function unknownKeys(schema: Schema, value: unknown, path: readonly string[] = []): UnknownKey[] {
  const def = schema._zod.def as unknown as Def
  if (path.length > DEPTH) return []
  const inside = (inner: unknown, at: unknown, key: string) => unknownKeys(inner as Schema, at, [...path, key])
  if (def.type === 'object') return isObject(value) ? ofObject(def, value, path) : []
  if (def.type === 'array') return list(value).flatMap((item, at) => inside(def.element, item, String(at)))
  if (def.type === 'tuple') {
    const items = def.items as Schema[]
    return list(value).flatMap((item, at) => {
      const inner = items[at] ?? def.rest
      return inner ? inside(inner, item, String(at)) : []
    })
  }
  if (def.type === 'record')
    return isObject(value) ? Object.entries(value).flatMap(([key, item]) => inside(def.valueType, item, key)) : []
  if (def.type === 'union') return ofUnion(def.options as Schema[], value, path)
  if (def.type === 'intersection') return ofBoth(def, value, path)
  if (def.type === 'lazy') return unknownKeys((def.getter as () => Schema)(), value, path)
  // What a preprocessing makes of the value cannot be told from the value.
  if (def.type === 'pipe') return unknownKeys(def.in as Schema, value, path)
  return def.innerType ? unknownKeys(def.innerType as Schema, value, path) : []
}

function ofObject(def: Def, value: Record<string, unknown>, path: readonly string[]): UnknownKey[] {
  const shape = def.shape as Record<string, Schema>
  const known = Object.keys(shape)
  const rest = def.catchall as Schema | undefined
  return Object.entries(value).flatMap(([key, inner]) => {
    const schema = Object.hasOwn(shape, key) ? shape[key] : rest
    return schema ? unknownKeys(schema, inner, [...path, key]) : [{ path: [...path, key], known }]
  })
}

/** As zod does, by the first that fits; one that takes all of it is what was meant. */
function ofUnion(options: readonly Schema[], value: unknown, path: readonly string[]): UnknownKey[] {
  const fitting = options.filter((option) => fits(option, value)).map((option) => unknownKeys(option, value, path))
  return fitting.find((keys) => keys.length === 0) ?? fitting[0] ?? []
}

/** Each side takes what the other does not. */
function ofBoth({ left, right }: Def, value: unknown, path: readonly string[]): UnknownKey[] {
  const others = unknownKeys(right as Schema, value, path)
  return unknownKeys(left as Schema, value, path).flatMap((key) => {
    const other = others.find((other) => other.path.join('\0') === key.path.join('\0'))
    return other ? [{ path: key.path, known: [...key.known, ...other.known] }] : []
  })
}

/** A schema that can only be asked in its own time counts as one that fits. */
function fits(schema: Schema, value: unknown): boolean {
  try {
    const result = schema._zod.run({ value, issues: [] }, { async: false })
    return result instanceof Promise || result.issues.length === 0
  } catch {
    return true
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
