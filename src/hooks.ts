/**
 * How the imports of a room module resolve. `modules.ts` installs this before it imports one.
 *
 * `corridor` is this very server, wherever the module lies; `zod` is ours where the module has none of its own; and what
 * a module imports by a relative path carries the module's version, so that a changed helper file is read anew as well.
 */
import { registerHooks } from 'node:module'
import { extname } from 'node:path'

const OWN_FOLDER = new URL('.', import.meta.url).href
const OWN_EXTENSION = extname(import.meta.url)
const OWN: Readonly<Record<string, string>> = {
  corridor: './define',
  'corridor/testing': './testing',
  'corridor/client': './client/client',
}
const PACKAGE = 'corridor-package:'
const INSTALLED = Symbol.for('corridor.hooks')

/** Makes room modules resolve as said above, in the whole process. Calling it again does nothing. */
export function installHooks(): void {
  if (Object.hasOwn(process, INSTALLED)) return
  Object.defineProperty(process, INSTALLED, { value: true })
  registerHooks({
    resolve(specifier, context, next) {
      const own = Object.hasOwn(OWN, specifier) ? OWN[specifier] : undefined
      if (own) return next(new URL(`${own}${OWN_EXTENSION}`, import.meta.url).href, context)
      if (specifier.startsWith(PACKAGE)) {
        const { pathname, searchParams } = new URL(specifier)
        return next(decodeURIComponent(pathname), { ...context, parentURL: searchParams.get('from') ?? undefined })
      }
      try {
        return versioned(next(specifier, context), context.parentURL ?? '')
      } catch (error) {
        if (!/^zod(\/|$)/.test(specifier) || !isNotFound(error)) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
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

/** True where an import failed because the thing imported is not there. */
export function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}

/** A versioned module hands its version on; as TypeScript it is an ES module, whatever a package.json near it says. */
function versioned<R extends { url: string; format?: string | null | undefined }>(found: R, parent: string): R {
  if (isFixed(found.url)) return found
  const version = isFixed(parent) ? null : new URL(parent).searchParams.get('v')
  const url = version && !found.url.includes('?') ? `${found.url}?v=${version}` : found.url
  return /\.ts\?v=/.test(url) ? { ...found, url, format: 'module-typescript' } : { ...found, url }
}
