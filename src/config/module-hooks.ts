/**
 * How the imports of a room module resolve. `module-loader.ts` installs these hooks before it imports one.
 *
 * `corridor` is this server, wherever the module is; `zod` is the server's if the module has none. Each imported file
 * has its version in its URL, so that a changed file is loaded again, and an unchanged one stays the same module.
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

/** Gives the version of a file for the importing module. */
export interface VersionSource {
  versionOf(file: string): string
}

/** What this process has loaded, in all reloads. */
export interface LoadedModules {
  /** By the URL of the importing module, with its version. */
  readonly sources: Map<string, VersionSource>
  /** How often a file at a version has failed to load: Node never tries the same URL again. */
  readonly failures: Map<string, number>
  /** The version of each CommonJS file that Node keeps by its path alone. */
  readonly required: Map<string, string>
}

/** Installs the hooks in this process, once; later calls return the same state. */
export function installHooks(): LoadedModules {
  const installed: LoadedModules | undefined = Reflect.get(process, INSTALLED)
  if (installed) return installed
  const loaded: LoadedModules = { sources: new Map(), failures: new Map(), required: new Map() }
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
export function versionedUrl(file: string, source: VersionSource, { failures }: LoadedModules): string {
  const url = `${pathToFileURL(file).href}?v=${source.versionOf(file)}`
  const failed = failures.get(url)
  return failed === undefined ? url : `${url}.${failed}`
}

/** Resolves an installed package as an import in `folder` would (a `file:` URL that ends with "/"). → its URL */
export function resolvePackage(name: string, folder: string): string {
  installHooks()
  return import.meta.resolve(`${PACKAGE}${encodeURIComponent(name)}?from=${encodeURIComponent(folder)}`)
}

/** Whether a file is never loaded again: the server's own, and those of installed packages. */
export function isFixed(url: string): boolean {
  return !url.startsWith('file:') || url.includes('/node_modules/') || url.startsWith(OWN_FOLDER)
}

/** Whether a module imports this server by this name. */
export function isOwnName(specifier: string): boolean {
  return Object.hasOwn(OWN, specifier)
}

/** The URL of the missing file of a failed import. */
export function missingUrl(error: unknown): string | undefined {
  const url = isNotFound(error) && error instanceof Error && 'url' in error ? error.url : undefined
  return typeof url === 'string' && url.startsWith('file:') ? url : undefined
}

/** Whether an import failed because the imported module does not exist. */
export function isNotFound(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}

/** Imports of a versioned module get a version too. TypeScript is an ES module, whatever a package.json says. */
function versioned<R extends { url: string; format?: string | null | undefined }>(
  found: R,
  { parentURL = '', conditions }: { parentURL?: string | undefined; conditions: readonly string[] },
  loaded: LoadedModules,
): R {
  // Node caches required modules by their path alone.
  if (isFixed(found.url) || conditions.includes('require')) return found
  const source = loaded.sources.get(parentURL)
  const url = source && !/[?#]/.test(found.url) ? versionedUrl(fileURLToPath(found.url), source, loaded) : found.url
  if (source && !loaded.sources.has(url)) loaded.sources.set(url, source)
  return /\.ts\?v=/.test(url) ? { ...found, url, format: 'module-typescript' } : { ...found, url }
}
