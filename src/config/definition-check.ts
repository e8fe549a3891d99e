/**
 * Checks what a room module exports before it is used: its parts, its message types, its options. `module-loader.ts`
 * imports the module before; `line-module.ts` uses it for a line of `rooms.json` after.
 */
import type { z } from 'zod'
import type { Definition, EventDefinition } from '../define.ts'
import { isLocalized } from '../localized.ts'
import { issueLines, show, suggestion } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import { isObject } from './json-text.ts'
import { storeNameMistakes } from './store-names.ts'
import { type UnknownKey, unknownKeys } from './unknown-keys.ts'

/** Types of the protocol, and events that clients and libraries fire for themselves. No module may declare them. */
const RESERVED: readonly string[] = [
  ...['welcome', 'ack', 'error', 'reset', 'redacted'],
  ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'],
]
const PARTS = ['summary', 'options', 'receives', 'sends', 'stores', 'data', 'text', 'moves', 'admit', 'open']

/** Whether a module's default export is a definition. Adds what is wrong to `mistakes`, one line each. */
export function isDefinition(exported: unknown, mistakes: string[]): exported is Definition {
  const found = mistakesIn(exported)
  mistakes.push(...found)
  return found.length === 0
}

/** An event room declares its messages; a room without declarations is a raw room of text and bytes. */
export function isEventDefinition(definition: Definition): definition is EventDefinition {
  return definition.receives !== undefined || definition.sends !== undefined
}

/**
 * Checks a mount's options with the module's own schema. → the parsed options and the keys that the schema drops, or
 * what is wrong at `place`.
 */
export async function parseOptions(
  definition: Definition,
  options: unknown,
  place: string,
): Promise<{ options: unknown; mistakes: string[]; unknown: UnknownKey[] }> {
  if (!definition.options) return { options: undefined, mistakes: [], unknown: [] }
  try {
    const parsed = await definition.options.safeParseAsync(options ?? {}, { reportInput: true })
    const unknown = unknownKeys(definition.options, options ?? {})
    if (parsed.success) return { options: parsed.data, mistakes: [], unknown }
    return { options: undefined, mistakes: issueLines(parsed.error.issues, definition.options, place), unknown }
  } catch (error) {
    const mistake = `${place}: the module's check of its options threw: ${errorOf(error).message}`
    return { options: undefined, mistakes: [mistake], unknown: [] }
  }
}

function mistakesIn(parts: unknown): string[] {
  if (!isObject(parts)) return [`expected "export default defineRoom({ … })", got ${show(parts)}`]
  const mistakes = Object.keys(parts)
    .filter((part) => !PARTS.includes(part))
    .map((part) => `${part}: a room has no such part; ${suggestion(part, PARTS)}`)
  const expect = (part: string, right: boolean, expected: string) => {
    if (!right) mistakes.push(`${part}: expected ${expected}, got ${show(parts[part])}`)
  }
  expect('open', typeof parts.open === 'function', 'a function open(room, options) { … }')
  expect('summary', parts.summary === undefined || isLocalized(parts.summary), 'a text, or one per language')
  expect('options', parts.options === undefined || isSchema(parts.options), 'a zod 4 schema')
  expect('admit', ['function', 'undefined'].includes(typeof parts.admit), 'a function admit(claims, place) { … }')
  expect('data', ['function', 'undefined'].includes(typeof parts.data), 'a function data(who) { … }')
  expect('text', ['function', 'undefined'].includes(typeof parts.text), 'a function')
  expect('moves', ['boolean', 'undefined'].includes(typeof parts.moves), 'true or false')
  if (parts.moves !== undefined && (parts.receives !== undefined || parts.sends !== undefined))
    mistakes.push('moves: expected it in a raw room only; the peers of an event room always stay when it moves')
  if (parts.text !== undefined && parts.receives === undefined)
    mistakes.push('text: expected "receives" beside it; without it, plain text already reaches message(peer, data)')
  const messages = [...messageMistakes('receives', parts.receives), ...messageMistakes('sends', parts.sends)]
  return [...mistakes, ...messages, ...storeMistakes(parts.stores)]
}

function messageMistakes(part: string, messages: unknown): string[] {
  return schemaMistakes(part, 'type', messages, (type) =>
    RESERVED.includes(type) ? `${part}.${type}: expected another type; "${type}" is the server's own` : undefined,
  )
}

function storeMistakes(stores: unknown): string[] {
  const mistakes = schemaMistakes('stores', 'name', stores)
  return isObject(stores) && !isSchema(stores) ? [...mistakes, ...storeNameMistakes(Object.keys(stores))] : mistakes
}

/** `name`: what its names are called. `wrong`: what is wrong with a name, if anything is. */
function schemaMistakes(
  part: string,
  name: string,
  schemas: unknown,
  wrong: (name: string) => string | undefined = () => undefined,
): string[] {
  if (schemas === undefined) return []
  if (typeof schemas !== 'object' || schemas === null || isSchema(schemas))
    return [`${part}: expected { ${name}: a zod 4 schema, … }, got ${isSchema(schemas) ? 'a schema' : show(schemas)}`]
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const mistake = wrong(name)
    if (mistake !== undefined) return [mistake]
    return isSchema(schema) ? [] : [`${part}.${name}: expected a zod 4 schema, got ${show(schema)}`]
  })
}

function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value && 'safeParseAsync' in value
}
