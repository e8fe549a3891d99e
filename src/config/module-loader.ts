/**
 * Finds and imports room modules: the name in `rooms.json` → a file → its default export.
 *
 * The URL of an import contains a version made from the content of the module's files (`module-graph.ts`). So a changed
 * module is loaded again, and an unchanged one is the same object as before, by which a reload sees that it is
 * unchanged.
 */
import { realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Clock, systemClock } from '../clock.ts'
import { nameOf } from '../mistakes.ts'
import { within } from '../within.ts'
import { firstLine, loadingFailed, ModuleError } from './module-error.ts'
import { isFile, ModuleGraph } from './module-graph.ts'
import { installHooks, isFixed, isNotFound, type LoadedModules, resolvePackage, versionedUrl } from './module-hooks.ts'

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs']

/** A module that never finishes its top level must not block the start, or later reloads. */
export const LOAD_MS = 10_000

/**
 * The file of `name` in `folder` (absolute). If there is none, throws a `ModuleError` that says where it was expected,
 * and adds it to the missing files of `graph`.
 */
export function resolveModule(name: string, folder: string, graph?: ModuleGraph): string {
  const base = resolve(folder, name)
  const files = EXTENSIONS.includes(extname(name)) ? [base] : EXTENSIONS.map((extension) => base + extension)
  const file = files.find(isFile)
  if (file) return file
  if (!/^[./]/.test(name)) {
    const installed = findPackage(name, folder)
    if (installed) return installed
  }
  graph?.want(base)
  const place = files.length > 1 ? `${base}.ts (.mts, .js, .mjs)` : base
  const orPackage = /^[./]/.test(name) ? '' : ` and no installed package "${name}"`
  throw new ModuleError(`expected a room module, found no file ${place}${orPackage}; make one, or mend the name`)
}

/**
 * Imports a module's file in its version of `graph`. → its default export. Throws a `ModuleError` with message and
 * place, without a stack.
 */
export async function importModule(
  file: string,
  withinMs = LOAD_MS,
  graph = new ModuleGraph(),
  clock: Clock = systemClock({ isHeld: true }),
): Promise<unknown> {
  const loaded = installHooks()
  const real = await realpath(file)
  const isPackage = isFixed(pathToFileURL(real).href)
  if (!isPackage) register(graph, real, loaded)
  const url = isPackage ? pathToFileURL(real).href : versionedUrl(real, graph, loaded)
  const loading: Promise<{ default?: unknown }> = import(url)
  const late = () => {
    throw new Error(`it is not there within ${withinMs} ms`)
  }
  const module = await within(clock, withinMs, loading, late).catch(async (error: unknown) => {
    // After a syntax error nothing has run, and the mended text is another version.
    if (!isPackage && !(error instanceof SyntaxError)) await countFailures(graph, real, loaded, clock)
    throw await loadingFailed(error, file)
  })
  if (module.default !== undefined) return module.default
  throw new ModuleError(`expected "export default defineRoom({ … })" in ${nameOf(file)}, got no default export`)
}

/** Every file of a module, itself first: its direct and indirect imports without installed packages. */
export async function moduleFiles(file: string): Promise<string[]> {
  return new ModuleGraph().filesOf(file)
}

/** Registers the versions that belong together with the hooks, and drops changed CommonJS files from Node's cache. */
function register(graph: ModuleGraph, file: string, loaded: LoadedModules): void {
  const { cache } = createRequire(file)
  for (const part of graph.filesOf(file)) {
    const url = versionedUrl(part, graph, loaded)
    if (!loaded.sources.has(url)) loaded.sources.set(url, graph)
    // A CommonJS module has no version in its URL; its `import()` gets the newest versions.
    loaded.sources.set(pathToFileURL(part).href, graph)
    const before = loaded.required.get(part)
    if (before !== undefined && before !== url) delete cache[part]
    loaded.required.set(part, url)
  }
}

/** Node caches a module that threw or never finished. The next import needs another URL; modules that loaded stay. */
async function countFailures(graph: ModuleGraph, file: string, loaded: LoadedModules, clock: Clock): Promise<void> {
  const parts = graph.filesOf(file).filter((part) => !part.endsWith('.json'))
  const failed = await Promise.all(
    parts.map(
      (part) =>
        new Promise<boolean>((resolve) => {
          // Counts a module that never finishes as failed.
          clock.soon(() => resolve(true))
          import(versionedUrl(part, graph, loaded)).then(
            () => resolve(false),
            () => resolve(true),
          )
        }),
    ),
  )
  for (const [at, part] of parts.entries()) {
    if (!failed[at]) continue
    const url = `${pathToFileURL(part).href}?v=${graph.versionOf(part)}`
    loaded.failures.set(url, (loaded.failures.get(url) ?? 0) + 1)
  }
}

function findPackage(name: string, folder: string): string | undefined {
  try {
    const url = resolvePackage(name, `${pathToFileURL(folder).href}/`)
    return url.startsWith('file:') ? fileURLToPath(url) : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw new ModuleError(`expected a room module, got a package that has none there: ${firstLine(error)}`)
  }
}
