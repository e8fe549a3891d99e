/**
 * `rooms.schema.json`, with which editors complete and check `rooms.json`: the schema of `schema.ts` as JSON Schema.
 * `corridor check --write-schema` and `corridor new-room` write it.
 */
import { z } from 'zod'
import { fileSchema } from './schema.ts'

/** Any text may be a reference to an environment variable instead. */
const REFERENCE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}'

/** The text of `rooms.schema.json`. */
export function schemaText(): string {
  const schema = z.toJSONSchema(fileSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type !== 'string') return
      for (const part of [jsonSchema, ...(jsonSchema.allOf ?? [])]) {
        delete part.format
        // A default around a schema shows the same schema again.
        if (part.pattern !== undefined && !part.pattern.endsWith(REFERENCE))
          part.pattern = `(?:${part.pattern})|${REFERENCE}`
      }
    },
  })
  return `${JSON.stringify({ ...schema, title: 'rooms.json of Corridor', description: 'The rooms of a Corridor server.' }, null, 2)}\n`
}
