/**
 * Messages about configuration mistakes: where, what was expected, what came, how to mend it. The files of `config/`
 * collect mistakes and throw them together as one `ConfigError`.
 */
import { isAbsolute, relative, resolve } from 'node:path'
import { closestMatch } from 'leven'
import type { z } from 'zod'
import { definitionOf, type Schema } from './zod-definition.ts'

/** All that is wrong with the environment or `rooms.json`, one readable line each in `mistakes`. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

/** A verb of the command line as the user runs it: by npm in a checkout, by `npx corridor` if installed. */
export function verb(name: 'dev' | 'new-room'): string {
  if (import.meta.url.endsWith('.ts')) return `npm run ${name}`
  return name === 'dev' ? 'npx corridor start --dev' : `npx corridor ${name}`
}

/** A file's name in messages: relative to the working directory if it is inside, otherwise absolute. */
export function nameOf(file: string): string {
  const near = relative(process.cwd(), resolve(file))
  return near.startsWith('..') || isAbsolute(near) ? resolve(file) : near
}

/** A value for a message: short, and on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}

/** The name of `known` that is nearest to `name`; `undefined` if none is near enough. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const names = known.map((candidate) => candidate.toLowerCase())
  const near = closestMatch(name.toLowerCase(), names, { maxDistance: Math.ceil(name.length / 3) })
  return near === undefined ? undefined : known[names.indexOf(near)]
}

/**
 * One line per zod issue: `place.of.the.value: expected …, got …`.
 * `schema` is the one that found the issues (with `reportInput`); its keys are the suggestions for unknown ones.
 */
export function issueLines(issues: readonly z.core.$ZodIssue[], schema: Schema, place = ''): string[] {
  return issues.flatMap((issue) => {
    const path = place === '' ? issue.path : [place, ...issue.path]
    // A union of which one branch fits except for something inside: report that.
    const inside =
      issue.code === 'invalid_union' && issue.errors.find((errors) => errors.every((e) => e.path.length > 0))
    if (inside)
      return issueLines(
        inside.map((inner) => ({ ...inner, path: [...path, ...inner.path] })),
        schema,
      )
    if (issue.code !== 'unrecognized_keys') return [`${placeText(path)}${expectation(issue, path)}`]
    const known = keysAt(schema, issue.path)
    return issue.keys.map((key) => `${placeText([...path, key])}no such key; ${suggestion(key, known)}`)
  })
}

/** The end of a message about an unknown name. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near ? `did you mean "${near}"?` : `expected one of ${known.join(', ')}`
}

function placeText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `
}

function expectation(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string {
  const expected = issue.message.replace(/^Invalid input: /, '').replace(/,? received .*$/, '')
  // A value under `auth` may be a secret and must not be logged.
  const got = path.includes('auth') && typeof issue.input === 'string' ? 'a text' : show(issue.input)
  const isWhole = issue.code === 'custom' && (!expected.startsWith('expected') || expected.includes(', got '))
  return isWhole ? expected : `${expected}, got ${got}`
}

function keysAt(schema: Schema, path: readonly PropertyKey[]): string[] {
  const inner = path.reduce<Schema | undefined>((at, key) => (at ? stepInto(unwrap(at), key) : at), schema)
  const definition = inner && definitionOf(unwrap(inner))
  return definition?.type === 'object' ? Object.keys(definition.shape) : []
}

function stepInto(schema: Schema, key: PropertyKey): Schema | undefined {
  const definition = definitionOf(schema)
  if (definition.type === 'object') return definition.shape[String(key)]
  return 'valueType' in definition ? definition.valueType : undefined
}

function unwrap(schema: Schema): Schema {
  const definition = definitionOf(schema)
  return 'innerType' in definition ? unwrap(definition.innerType) : schema
}
