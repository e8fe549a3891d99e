/**
 * The files that room modules consist of, as they are on disk now, and a version for each: a hash of it and of all that
 * it imports, itself or through others. A file with the same version is the same module, whoever imports it.
 * `module-loader.ts` makes one for each reading of `rooms.json`; `module-hooks.ts` asks it for versions while modules are imported.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isFixed, isOwnName, missingUrl, resolvePackage } from './module-hooks.ts'
import { type Import, importsOf } from './module-imports.ts'

interface File {
  readonly hash: string
  /** The files it imports. */
  readonly imports: readonly string[]
  /** Where files were looked for that are not there. */
  readonly missing: readonly string[]
}

export class ModuleGraph {
  readonly #files = new Map<string, File>()
  readonly #versions = new Map<string, string>()
  readonly #wanted = new Set<string>()

  /** Every file that a module consists of, itself first. Paths are absolute and real. */
  filesOf(file: string): string[] {
    const files = new Set([file])
    for (const file of files) for (const imported of this.#read(file).imports) files.add(imported)
    return [...files]
  }

  /** All that was read, and all that was looked for and is not there: where a change could make a difference. */
  get places(): string[] {
    return [...this.#files].flatMap(([file, { missing }]) => [file, ...missing]).concat([...this.#wanted])
  }

  /** True where a file is not any more, or not yet, as it was read. */
  get isOutdated(): boolean {
    const differs = ([file, { hash, missing }]: [string, File]) =>
      hashOf(bytesOf(file)) !== hash || missing.some(isFile)
    return [...this.#files].some(differs)
  }

  /** Notes a module that is not there; `place` may lack the end of its name. */
  want(place: string): void {
    this.#wanted.add(place)
  }

  versionOf(file: string): string {
    const known = this.#versions.get(file)
    if (known !== undefined) return known
    const hash = createHash('sha256')
    for (const part of this.filesOf(file).sort()) hash.update(`${part}\0${this.#read(part).hash}\0`)
    const version = hash.digest('hex').slice(0, 16)
    this.#versions.set(file, version)
    return version
  }

  #read(file: string): File {
    const known = this.#files.get(file)
    if (known) return known
    const read = readPart(file)
    this.#files.set(file, read)
    return read
  }
}

/** True for a file that is there. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

function bytesOf(file: string): Buffer {
  return isFile(file) ? readFileSync(file) : Buffer.alloc(0)
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function readPart(file: string): File {
  const bytes = bytesOf(file)
  const places = importsOf(file, bytes.toString()).flatMap((wanted) => placeOf(wanted, file) ?? [])
  const imports = places.filter(isFile).map((place) => realpathSync(place))
  return {
    hash: hashOf(bytes),
    imports: imports.filter((place) => !isFixed(pathToFileURL(place).href)),
    missing: places.filter((place) => !isFile(place)),
  }
}

/** The file that an import leads to, which need not be there; `undefined` for what is never read anew. */
function placeOf({ specifier, isRequired }: Import, from: string): string | undefined {
  if (isBuiltin(specifier) || isOwnName(specifier) || specifier.startsWith('data:')) return undefined
  const isRelative = /^(?:\.{0,2}\/|file:)/.test(specifier)
  try {
    if (isRequired) return createRequire(from).resolve(specifier)
    const url = isRelative
      ? new URL(specifier, pathToFileURL(from)).href
      : resolvePackage(specifier, pathToFileURL(from).href)
    return isFixed(url) ? undefined : fileURLToPath(url)
  } catch (error) {
    const url = isRequired && isRelative ? new URL(specifier, pathToFileURL(from)).href : missingUrl(error)
    return url === undefined || isFixed(url) ? undefined : fileURLToPath(url)
  }
}
