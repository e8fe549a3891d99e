/**
 * How the imports of a room module resolve. `module-loader.ts` installs this before it imports one.
 *
 * `corridor` is this very server, wherever the module lies; `zod` is ours where the module has none of its own; and each
 * file that a module imports carries its version in its URL, so that a changed one is read anew, and one that is the same
 * is the same module for all that import it.
 */
import { registerHooks } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeOf } from '../thrown.ts'

const OWN_FOLDER = new URL('../', import.meta.url).href
const OWN_EXTENSION = extname(import.meta.url)
const OWN: Readonly<Record<string, string>> = {
  corridor: 'define',
  'corridor/testing': 'testing',
  'corridor/client': 'client/client',
}
const PACKAGE = 'corridor-package:'
const INSTALLED = Symbol.for('corridor.modules')

/** Says which version of a file belongs to the module that asks. */
export interface VersionSource {
  versionOf(file: string): string
}

/** What this process has loaded, over all reloads. */
export interface Loaded {
  /** By the URL of the importing module, with its version. */
  readonly sources: Map<string, VersionSource>
  /** How often a file at a version has failed to load: Node never tries the same URL again. */
  readonly failures: Map<string, number>
  /** The version of each CommonJS file that Node keeps by its path alone. */
  readonly required: Map<string, string>
}

/** Makes room modules resolve as said above, in the whole process. Calling it again gives what is there. */
export function installHooks(): Loaded {
  const installed: Loaded | undefined = Reflect.get(process, INSTALLED)
  if (installed) return installed
  const loaded: Loaded = { sources: new Map(), failures: new Map(), required: new Map() }
  Object.defineProperty(process, INSTALLED, { value: loaded })
  registerHooks({
    resolve(specifier, context, next) {
      const own = Object.hasOwn(OWN, specifier) ? OWN[specifier] : undefined
      if (own) return next(`${OWN_FOLDER}${own}${OWN_EXTENSION}`, context)
      if (specifier.startsWith(PACKAGE)) {
        const { pathname, searchParams } = new URL(specifier)
        return next(decodeURIComponent(pathname), { ...context, parentURL: searchParams.get('from') ?? undefined })
      }
      try {
        return versioned(next(specifier, context), context, loaded)
      } catch (error) {
        if (!/^zod(\/|$)/.test(specifier) || !isNotFound(error)) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
  return loaded
}

/** The URL under which a file at its version is imported. */
export function versionedUrl(file: string, source: VersionSource, { failures }: Loaded): string {
  const url = `${pathToFileURL(file).href}?v=${source.versionOf(file)}`
  const failed = failures.get(url)
  return failed === undefined ? url : `${url}.${failed}`
}

/** Asks for an installed package as if from a file in `folder` (a `file:` URL with "/" at its end). → its URL */
export function resolvePackage(name: string, folder: string): string {
  installHooks()
  return import.meta.resolve(`${PACKAGE}${encodeURIComponent(name)}?from=${encodeURIComponent(folder)}`)
}

/** True for files that are never read anew: our own, and those of installed packages. */
export function isFixed(url: string): boolean {
  return !url.startsWith('file:') || url.includes('/node_modules/') || url.startsWith(OWN_FOLDER)
}

/** True for a name under which a module imports this very server. */
export function isOwnName(specifier: string): boolean {
  return Object.hasOwn(OWN, specifier)
}

/** Where an import looked for a file that is not there. */
export function missingUrl(error: unknown): string | undefined {
  const url = isNotFound(error) && error instanceof Error && 'url' in error ? error.url : undefined
  return typeof url === 'string' && url.startsWith('file:') ? url : undefined
}

/** True where an import failed because the thing imported is not there. */
export function isNotFound(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}

/** What a versioned module imports has a version too; as TypeScript it is an ES module, whatever a package.json says. */
function versioned<R extends { url: string; format?: string | null | undefined }>(
  found: R,
  { parentURL = '', conditions }: { parentURL?: string | undefined; conditions: readonly string[] },
  loaded: Loaded,
): R {
  // Node keeps what is required by its path alone.
  if (isFixed(found.url) || conditions.includes('require')) return found
  const source = loaded.sources.get(parentURL)
  const url = source && !/[?#]/.test(found.url) ? versionedUrl(fileURLToPath(found.url), source, loaded) : found.url
  if (source && !loaded.sources.has(url)) loaded.sources.set(url, source)
  return /\.ts\?v=/.test(url) ? { ...found, url, format: 'module-typescript' } : { ...found, url }
}
