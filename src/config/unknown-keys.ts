/**
 * Keys in a room's `options` that its module's schema does not have. zod drops such keys silently; here they are found,
 * so that a misspelt option is a mistake like any other key of `rooms.json`. Schemas that accept more keys
 * (`z.looseObject`, `catchall`, `z.record`) are respected. `definition-check.ts` calls it after the options were
 * parsed.
 */
import type { z } from 'zod'
import { definitionOf, type Schema } from '../zod-definition.ts'
import { isObject } from './json-text.ts'

export interface UnknownKey {
  readonly path: readonly string[]
  /** The keys that the schema has there. */
  readonly known: readonly string[]
}

/** Options are JSON, whose depth is bounded when the file is read; this bounds recursive schemas. */
const DEPTH = 200

/** The keys in `value`, at any depth, that `schema` does not know. */
export function unknownKeys(schema: Schema, value: unknown, path: readonly string[] = []): UnknownKey[] {
  if (path.length > DEPTH) return []
  const definition = definitionOf(schema)
  const inside = (inner: Schema, at: unknown, key: string) => unknownKeys(inner, at, [...path, key])
  switch (definition.type) {
    case 'object':
      return isObject(value) ? ofObject(definition, value, path) : []
    case 'array':
      return list(value).flatMap((item, at) => inside(definition.element, item, String(at)))
    case 'tuple':
      return list(value).flatMap((item, at) => {
        const inner = definition.items[at] ?? definition.rest
        return inner ? inside(inner, item, String(at)) : []
      })
    case 'record':
      if (!isObject(value)) return []
      return Object.entries(value).flatMap(([key, item]) => inside(definition.valueType, item, key))
    case 'union':
      return ofUnion(definition.options, value, path)
    case 'intersection':
      return ofBoth(definition, value, path)
    case 'lazy':
      return unknownKeys(definition.getter(), value, path)
    // The value after preprocessing is not known here.
    case 'pipe':
      return unknownKeys(definition.in, value, path)
    default:
      return 'innerType' in definition ? unknownKeys(definition.innerType, value, path) : []
  }
}

function ofObject(
  { shape, catchall }: z.core.$ZodObjectDef,
  value: Record<string, unknown>,
  path: readonly string[],
): UnknownKey[] {
  const known = Object.keys(shape)
  return Object.entries(value).flatMap(([key, inner]) => {
    const schema = Object.hasOwn(shape, key) ? shape[key] : catchall
    return schema ? unknownKeys(schema, inner, [...path, key]) : [{ path: [...path, key], known }]
  })
}

/** The first option that fits, as in zod, but preferably one without unknown keys. */
function ofUnion(options: readonly Schema[], value: unknown, path: readonly string[]): UnknownKey[] {
  const fitting = options.filter((option) => fits(option, value)).map((option) => unknownKeys(option, value, path))
  return fitting.find((keys) => keys.length === 0) ?? fitting[0] ?? []
}

/** A key is unknown if neither side has it. */
function ofBoth({ left, right }: z.core.$ZodIntersectionDef, value: unknown, path: readonly string[]): UnknownKey[] {
  const others = unknownKeys(right, value, path)
  return unknownKeys(left, value, path).flatMap((key) => {
    const other = others.find((other) => other.path.join('\0') === key.path.join('\0'))
    return other ? [{ path: key.path, known: [...key.known, ...other.known] }] : []
  })
}

/** An asynchronous schema counts as fitting. */
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
