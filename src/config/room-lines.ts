/**
 * The lines of `rooms` in `rooms.json`: each is merged with the defaults and checked, its module is loaded
 * (`line-module.ts`), and it becomes a mount (`mount.ts`). `config.ts` has checked the whole file before.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { issueLines, nameOf, show } from '../mistakes.ts'
import { ineffectiveKeys } from './ineffective-keys.ts'
import { isObject } from './json-text.ts'
import { loadModule } from './line-module.ts'
import type { ModuleGraph } from './module-graph.ts'
import { type Mount, mountOf } from './mount.ts'
import { roomSchema } from './schema.ts'

type Settings = Readonly<Record<string, unknown>>

interface Lines {
  /** Of the lines without mistakes. */
  readonly mounts: Mount[]
  readonly mistakes: string[]
}

/** `known`: mistakes found before, which are not repeated. `folder`: what module names are relative to. */
export async function readLines(
  rooms: Settings,
  defaults: Settings,
  known: readonly string[],
  folder: string,
  graph: ModuleGraph,
): Promise<Lines> {
  const lines = Object.entries(rooms)
  const mounts: Mount[] = []
  const mistakes: string[] = []
  const reported = new Set<string>()
  const unknownDefaults: string[][] = []
  // In sequence, so that mistakes keep the order of the file.
  for (const [pattern, line] of lines) {
    if (!isObject(line) || typeof line.module !== 'string' || line.module === '') continue
    const written = merge(defaults, line)
    const settings = roomSchema.safeParse(written, { reportInput: true })
    // Mistakes of the line or of `defaults` alone are known; only those of the merge are new.
    if (!settings.success) mistakes.push(...issuesOfMerge(settings.error.issues, pattern, [...known, ...mistakes]))
    const loaded = await loadModule(pattern, line, written.options, folder, graph)
    mistakes.push(...loaded.mistakes.filter((mistake) => isNew(mistake, pattern, reported)))
    if (loaded.unknownDefaults) unknownDefaults.push(loaded.unknownDefaults)
    mistakes.push(...ineffectiveKeys(line, pattern).map((mistake) => `rooms.${pattern}.${mistake}`))
    if (!settings.success || !loaded.mount) continue
    const page = settings.data.page === undefined ? undefined : resolve(folder, settings.data.page)
    const missing = pageMistake(page, line.page === undefined ? 'defaults' : `rooms.${pattern}`)
    if (missing !== undefined && !mistakes.includes(missing)) mistakes.push(missing)
    mounts.push(mountOf(pattern, settings.data, written, { ...loaded.mount, page }))
  }
  const takesNone = lines.length > 0 && mounts.length === lines.length && unknownDefaults.length === 0
  if (takesNone && defaults.options !== undefined)
    mistakes.push('defaults.options: expected none, no module of these rooms takes options; remove them')
  mistakes.push(...unknownDefaultMistakes(unknownDefaults))
  return { mounts, mistakes }
}

/** What is wrong with a room's own page. `section`: where it is named. */
function pageMistake(file: string | undefined, section: string): string | undefined {
  if (file === undefined || statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined
  return `${section}.page: expected a file that is there, got ${show(nameOf(file))}`
}

/** The mistakes of the merged line that were not reported for the line itself or for `defaults`. */
function issuesOfMerge(issues: readonly z.core.$ZodIssue[], pattern: string, reported: readonly string[]): string[] {
  return issueLines(issues, roomSchema, `rooms.${pattern}`).filter(
    (line) => !reported.includes(line) && !reported.includes(line.replace(`rooms.${pattern}.`, () => 'defaults.')),
  )
}

/**
 * Keys of `defaults.options` that no module has. The argument: for each module with options, the keys it does not have.
 */
function unknownDefaultMistakes([first = [], ...others]: readonly string[][]): string[] {
  return first
    .filter((key) => others.every((keys) => keys.includes(key)))
    .map((key) => `defaults.options.${key}: no such key; expected one that a module of these rooms takes`)
}

/** A mistake in a module is reported once, not for each of its rooms. */
function isNew(mistake: string, pattern: string, reported: Set<string>): boolean {
  const aboutModule = mistake.split(`rooms.${pattern}.module: `)[1]
  if (aboutModule === undefined) return true
  const isFirst = !reported.has(aboutModule)
  reported.add(aboutModule)
  return isFirst
}

/** `over` merged into `under`, object by object; a list or a single value replaces. */
function merge(under: Settings, over: Settings): Record<string, unknown> {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    merged.set(key, isObject(below) && isObject(value) ? merge(below, value) : value)
  }
  return Object.fromEntries(merged)
}
