/**
 * The lines of `rooms` in `rooms.json`: each with the defaults put in, checked, its module loaded (`line-module.ts`), and
 * made a mount (`mount.ts`). `config.ts` has checked the file before, and collects what is wrong here.
 */
import type { z } from 'zod'
import { issueLines } from '../mistakes.ts'
import { isObject } from './json-text.ts'
import { loadModule } from './line-module.ts'
import type { ModuleGraph } from './module-graph.ts'
import { type Mount, mountOf } from './mount.ts'
import { roomSchema } from './schema.ts'
import { useless } from './useless.ts'

type Settings = Readonly<Record<string, unknown>>

interface Lines {
  /** Of the lines without a mistake. */
  readonly mounts: Mount[]
  readonly mistakes: string[]
}

/** `known`: mistakes that were found before, and are not found again. `folder`: where names of modules begin. */
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
  const told = new Set<string>()
  const strays: string[][] = []
  // One after the other, so that mistakes keep the order of the file.
  for (const [pattern, line] of lines) {
    if (!isObject(line) || typeof line.module !== 'string' || line.module === '') continue
    const written = merge(defaults, line)
    const settings = roomSchema.safeParse(written, { reportInput: true })
    // Mistakes of the line or of `defaults` are known; here only what arises from putting them together.
    if (!settings.success) mistakes.push(...newIssues(settings.error.issues, pattern, [...known, ...mistakes]))
    const loaded = await loadModule(pattern, line, written.options, folder, graph)
    mistakes.push(...loaded.mistakes.filter((mistake) => isNews(mistake, pattern, told)))
    if (loaded.strays) strays.push(loaded.strays)
    mistakes.push(...useless(line, pattern).map((mistake) => `rooms.${pattern}.${mistake}`))
    if (!settings.success || !loaded.mount) continue
    mounts.push(mountOf(pattern, settings.data, written, loaded.mount))
  }
  const takesNone = lines.length > 0 && mounts.length === lines.length && strays.length === 0
  if (takesNone && defaults.options !== undefined)
    mistakes.push('defaults.options: expected none, no module of these rooms takes options; remove them')
  mistakes.push(...strayMistakes(strays))
  return { mounts, mistakes }
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

/** `over` on top of `under`, object by object; a list or a single value replaces. */
function merge(under: Settings, over: Settings): Record<string, unknown> {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    merged.set(key, isObject(below) && isObject(value) ? merge(below, value) : value)
  }
  return Object.fromEntries(merged)
}
