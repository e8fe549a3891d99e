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
import { type UnknownKey, unknownKeys } from './unknown-keys.ts'

/** Types of the protocol, and events that clients and libraries fire for themselves. No module may declare them. */
const RESERVED: readonly string[] = [
  ...['welcome', 'ack', 'error', 'reset', 'redacted'],
  ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'],
]
const PARTS = ['summary', 'options', 'receives', 'sends', 'text', 'admit', 'open']

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
  expect('text', ['function', 'undefined'].includes(typeof parts.text), 'a function')
  if (parts.text !== undefined && parts.receives === undefined)
    mistakes.push('text: expected "receives" beside it; without it, plain text already reaches message(peer, data)')
  return [...mistakes, ...messageMistakes('receives', parts.receives), ...messageMistakes('sends', parts.sends)]
}

function messageMistakes(part: string, messages: unknown): string[] {
  if (messages === undefined) return []
  if (typeof messages !== 'object' || messages === null || isSchema(messages))
    return [`${part}: expected { type: a zod 4 schema, … }, got ${isSchema(messages) ? 'a schema' : show(messages)}`]
  return Object.entries(messages).flatMap(([type, schema]) => {
    if (RESERVED.includes(type)) return [`${part}.${type}: expected another type; "${type}" is the server's own`]
    return isSchema(schema) ? [] : [`${part}.${type}: expected a zod 4 schema, got ${show(schema)}`]
  })
}

function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value && 'safeParseAsync' in value
}
