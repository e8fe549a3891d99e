/** `rooms/rooms.json` and its schema, as they ship. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { schemaText } from '../../src/config/schema-text.ts'

const shipped = (name: string) => fileURLToPath(new URL(`../../rooms/${name}`, import.meta.url))

it('rooms.schema.json is what the schema generates (node src/main.ts check --write-schema)', () => {
  expect(readFileSync(shipped('rooms.schema.json'), 'utf8')).toBe(schemaText())
})

it('every key of the schema is described', () => {
  const undescribed: string[] = []
  const walk = (schema: Record<string, unknown>, path: string) => {
    const properties = (schema.properties ?? {}) as Record<string, Record<string, unknown>>
    for (const [key, inner] of Object.entries(properties)) {
      if (typeof inner.description !== 'string') undescribed.push(`${path}.${key}`)
      walk(inner, `${path}.${key}`)
    }
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties as never, `${path}.*`)
  }
  walk(JSON.parse(schemaText()), '')
  expect(undescribed).toEqual([])
})

it('rooms.json has no mistake', async () => {
  const { mounts } = await loadConfig(relative(process.cwd(), shipped('rooms.json')))
  expect(mounts.map(({ pattern }) => pattern)).toContain('/chat')
})
