/**
 * The definition of a zod schema, by its kind, as zod documents it for libraries (`_zod.def`). `mistakes.ts` and
 * `unknown-keys.ts` walk schemas with it.
 */
import type { z } from 'zod'

export type Schema = z.core.$ZodType

export type SchemaDefinition = z.core.$ZodTypes['_zod']['def']

export function definitionOf(schema: Schema): SchemaDefinition {
  // Every schema is of one of zod's kinds; its types do not say so.
  return (schema as z.core.$ZodTypes)._zod.def
}
