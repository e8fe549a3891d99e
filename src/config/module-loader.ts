/**
 * Finds and imports room modules: the name in `rooms.json` → a file → what it exports by default.
 *
 * A module is imported under a version made from the content of its files (`module-graph.ts`). So a changed module is
 * read anew, and an unchanged one is the same object as before, by which a reload sees that nothing happened to it.
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
import { installHooks, isFixed, isNotFound, type Loaded, resolvePackage, versionedUrl } from './module-hooks.ts'

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs']

/** One that waits for ever at its top level must not hold up the start, or every reload after it. */
export const LOAD_MS = 10_000

/**
 * The file that `name` means in `folder` (absolute). Throws a `ModuleError` that says where it was looked for; `graph`
 * notes that it is missing.
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
 * Imports a module's file, in the version that `graph` has of it. → what it exports by default. Throws a `ModuleError`
 * with message and place, no stack.
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
    // After a mistake in the text nothing has run, and another text is another version.
    if (!isPackage && !(error instanceof SyntaxError)) await countFailures(graph, real, loaded, clock)
    throw await loadingFailed(error, file)
  })
  if (module.default !== undefined) return module.default
  throw new ModuleError(`expected "export default defineRoom({ … })" in ${nameOf(file)}, got no default export`)
}

/** Every file a module consists of, itself first: what it imports and is no installed package, and what those import. */
export async function moduleFiles(file: string): Promise<string[]> {
  return new ModuleGraph().filesOf(file)
}

/** Lets the hooks know which versions belong together, and Node forget what it keeps of CommonJS files that changed. */
function register(graph: ModuleGraph, file: string, loaded: Loaded): void {
  const { cache } = createRequire(file)
  for (const part of graph.filesOf(file)) {
    const url = versionedUrl(part, graph, loaded)
    if (!loaded.sources.has(url)) loaded.sources.set(url, graph)
    // A CommonJS module has no version in its URL; what it imports by `import()` is of the newest.
    loaded.sources.set(pathToFileURL(part).href, graph)
    const before = loaded.required.get(part)
    if (before !== undefined && before !== url) delete cache[part]
    loaded.required.set(part, url)
  }
}

/** Node remembers that a module threw, or waits for ever. The next try is of another URL; what did load stays. */
async function countFailures(graph: ModuleGraph, file: string, loaded: Loaded, clock: Clock): Promise<void> {
  const parts = graph.filesOf(file).filter((part) => !part.endsWith('.json'))
  const failed = await Promise.all(
    parts.map(
      (part) =>
        new Promise<boolean>((resolve) => {
          // One that waits for ever still does.
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
