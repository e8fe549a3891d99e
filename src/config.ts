/**
 * Reads `rooms.json`: the file → its schema → each room's module and options → mounts, ready for the router.
 * Every mistake is collected and told at once, with its place. `server.ts` and `reload.ts` take what comes out.
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { variablesOf } from './environment.ts'
import type { Rate } from './guards/bucket.ts'
import { checkJson, JsonError } from './json-text.ts'
import type { Origins } from './listed-origin.ts'
import { ConfigError, issueLines, nameOf, verb } from './mistakes.ts'
import { ModuleGraph } from './module-graph.ts'
import { loadModule, type Mount, mountOf } from './mount.ts'
import { isOwnPath, patternMistake, patternShape, publicFiles } from './paths.ts'
import { fileSchema, roomSchema } from './schema.ts'
import { useless } from './useless.ts'
import { Filled, type Variables } from './variables.ts'

export interface Config {
  readonly mounts: Mount[]
  readonly server: {
    readonly limits: {
      readonly peers: number
      readonly handshakes: Rate
      readonly bufferedBytes: number
      readonly headersTimeoutMs: number
      readonly requestTimeoutMs: number
    }
    readonly socketio: boolean
    readonly origins: Origins
  }
}

interface Reading {
  readonly ownFiles?: ReadonlySet<string>
  readonly variables?: Variables
  readonly graph?: ModuleGraph
}

/**
 * Reads and checks `file` and every module it names. Throws a `ConfigError` with all mistakes.
 * `ownFiles`: the paths of `public/`, which no room may take (default: as they are on disk). `variables`: those that
 * the file's texts may name (default: the environment). `graph`: comes to know the files of the modules.
 */
export async function loadConfig(
  file: string,
  { ownFiles, variables = variablesOf(), graph = new ModuleGraph() }: Reading = {},
): Promise<Config> {
  const name = nameOf(file)
  const { value: written, repeated } = await readJson(file, name)
  const filled = new Filled(written, variables)
  const { value } = filled
  const checked = fileSchema.safeParse(value, { reportInput: true })
  const mistakes = [
    ...repeated.map((path) => `${path.join('.')}: this key stands here twice; keep one`),
    ...filled.mistakes,
    ...(checked.success ? [] : issueLines(checked.error.issues, fileSchema)),
  ]
  const { rooms, defaults } = isObject(value) ? value : {}
  const lines = isObject(rooms) ? Object.entries(rooms) : []
  mistakes.push(...pathMistakes(Object.keys(isObject(rooms) ? rooms : {}), ownFiles ?? (await publicFiles())))

  const folder = dirname(resolve(file))
  const mounts: Mount[] = []
  const told = new Set<string>()
  const strays: string[][] = []
  // One after the other, so that mistakes keep the order of the file.
  for (const [pattern, line] of lines) {
    if (!isObject(line) || typeof line.module !== 'string' || line.module === '') continue
    const written = isObject(defaults) ? merge(defaults, line) : line
    const settings = roomSchema.safeParse(written, { reportInput: true })
    // Mistakes of the line or of `defaults` are told above, once; here only what arises from putting them together.
    if (!settings.success) mistakes.push(...newIssues(settings.error.issues, pattern, mistakes))
    const loaded = await loadModule(pattern, line, written.options, folder, graph)
    mistakes.push(...loaded.mistakes.filter((mistake) => isNews(mistake, pattern, told)))
    if (loaded.strays) strays.push(loaded.strays)
    mistakes.push(...useless(line, pattern).map((mistake) => `rooms.${pattern}.${mistake}`))
    if (!settings.success || !loaded.mount) continue
    mounts.push(mountOf(pattern, settings.data, written, loaded.mount))
  }
  const takesNone = lines.length > 0 && mounts.length === lines.length && strays.length === 0
  if (takesNone && isObject(defaults) && defaults.options !== undefined)
    mistakes.push('defaults.options: expected none, no module of these rooms takes options; remove them')
  mistakes.push(...strayMistakes(strays))
  if (mistakes.length > 0 || !checked.success) {
    const places = filled.mistakes.map((mistake) => mistake.slice(0, mistake.indexOf(': ') + 2))
    const apart = mistakes.filter(
      (line) => filled.mistakes.includes(line) || !places.some((place) => line.startsWith(place)),
    )
    throw new ConfigError(apart.map((line) => `${name}: ${filled.hide(line)}`))
  }
  const { limits, socketio, origins } = checked.data.server
  const { buffered, headersTimeout, requestTimeout, ...counts } = limits
  const inUnits = { bufferedBytes: buffered, headersTimeoutMs: headersTimeout, requestTimeoutMs: requestTimeout }
  return { mounts, server: { limits: { ...counts, ...inUnits }, socketio, origins } }
}

/** What is wrong with the paths of the rooms: form, the server's own paths, two that match the same. */
export function pathMistakes(patterns: readonly string[], ownFiles: ReadonlySet<string>): string[] {
  const shapes = new Map<string, string>()
  return patterns.flatMap((pattern) => {
    const mistake = patternMistake(pattern)
    if (mistake) return [`rooms.${pattern}: ${mistake}`]
    if (isOwnPath(pattern, ownFiles)) return [`rooms.${pattern}: the server needs this path itself; choose another`]
    const twin = shapes.get(patternShape(pattern))
    if (twin) return [`rooms.${pattern}: matches the same paths as "${twin}"; keep one of them`]
    shapes.set(patternShape(pattern), pattern)
    return []
  })
}

/** What was not yet said of the line itself or of `defaults`. */
function newIssues(issues: readonly z.core.$ZodIssue[], pattern: string, told: readonly string[]): string[] {
  return issueLines(issues, roomSchema, `rooms.${pattern}`).filter(
    (line) => !told.includes(line) && !told.includes(line.replace(`rooms.${pattern}.`, () => 'defaults.')),
  )
}

/** Keys of `defaults.options` that no module of the file takes. `strays`: for each module with options, those it does not. */
function strayMistakes([first = [], ...others]: readonly string[][]): string[] {
  return first
    .filter((key) => others.every((keys) => keys.includes(key)))
    .map((key) => `defaults.options.${key}: no such key; expected one that a module of these rooms takes`)
}

/** A mistake in a module is told once, not again for each room that is made of it. */
function isNews(mistake: string, pattern: string, told: Set<string>): boolean {
  const aboutModule = mistake.split(`rooms.${pattern}.module: `)[1]
  if (aboutModule === undefined) return true
  const news = !told.has(aboutModule)
  told.add(aboutModule)
  return news
}

async function readJson(file: string, name: string): Promise<{ value: unknown; repeated: string[][] }> {
  const read = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const mend = error.code === 'ENOENT' ? `; "${verb('new-room')} quiz" makes one, ROOMS names another` : ''
    throw new ConfigError([`${name}: expected a file that can be read, got ${error.code ?? error.message}${mend}`])
  })
  const text = read.replace(/^\uFEFF/, '')
  try {
    const repeated = checkJson(text)
    return { value: JSON.parse(text), repeated }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ConfigError([`${name}:${error.line}:${error.column}: ${error.message}`])
  }
}

/** `over` on top of `under`, object by object; a list or a single value replaces. */
function merge(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    merged.set(key, isObject(below) && isObject(value) ? merge(below, value) : value)
  }
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
