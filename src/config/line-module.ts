/**
 * The module of a line of `rooms.json`: resolved, imported, checked, and its options parsed. `room-lines.ts` calls it
 * for each line; `module-loader.ts` imports, `definition-check.ts` checks.
 */

import { nameOf, suggestion } from '../mistakes.ts'
import { isDefinition, parseOptions } from './definition-check.ts'
import { ModuleError } from './module-error.ts'
import type { ModuleGraph } from './module-graph.ts'
import { importModule, LOAD_MS, resolveModule } from './module-loader.ts'
import type { ModuleParts } from './mount.ts'
import type { UnknownKey } from './unknown-keys.ts'

/**
 * Loads the module of a line and parses `options` (the line's merged with the defaults) with its schema.
 * `unknownDefaults`: keys of `defaults.options` that this module does not have; another may.
 */
export async function loadModule(
  pattern: string,
  line: Record<string, unknown>,
  options: unknown,
  folder: string,
  graph: ModuleGraph,
): Promise<{ mistakes: string[]; mount?: Omit<ModuleParts, 'page'>; unknownDefaults?: string[] }> {
  const place = `rooms.${pattern}`
  try {
    const file = resolveModule(String(line.module), folder, graph)
    const definition = await importModule(file, LOAD_MS, graph)
    const wrong: string[] = []
    if (!isDefinition(definition, wrong))
      return { mistakes: wrong.map((text) => `${place}.module: ${nameOf(file)}: ${text}`) }
    // A module without options ignores those of `defaults`, but its own line may have none.
    if (!definition.options && line.options !== undefined)
      return { mistakes: [`${place}.options: expected none, "${line.module}" takes no options; remove them`] }
    const parsed = await parseOptions(definition, options, `${place}.options`)
    const isOwn = ({ path }: UnknownKey) => hasPath(line.options, path)
    const misspelt = parsed.unknown.filter(isOwn).map(({ path, known }) => {
      const meant = known.length > 0 ? suggestion(path.at(-1) ?? '', known) : 'expected none'
      return `${place}.options.${path.join('.')}: no such key; ${meant}`
    })
    const unknownDefaults = parsed.unknown.filter((key) => !isOwn(key)).map(({ path }) => path.join('.'))
    const mount = { file, definition, options: parsed.options }
    return { mistakes: [...parsed.mistakes, ...misspelt], mount, ...(definition.options && { unknownDefaults }) }
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error
    return { mistakes: [`${place}.module: ${error.message}`] }
  }
}

function hasPath(value: unknown, path: readonly string[]): boolean {
  let at: unknown = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false
    at = Reflect.get(at, key)
  }
  return true
}
