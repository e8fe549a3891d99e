/**
 * The files of room modules as they are on disk, with a version of each: a hash of the file and of all its imports,
 * direct and indirect. A file of the same version is the same module in every import. Each reading of `rooms.json`
 * has one graph; `module-hooks.ts` takes versions from it while modules are imported.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isFixed, isOwnName, missingUrl, resolvePackage } from './module-hooks.ts'
import { type Import, importsOf } from './module-imports.ts'

interface File {
  readonly hash: string
  readonly imports: readonly string[]
  /** Paths of imports that do not exist. */
  readonly missing: readonly string[]
}

export class ModuleGraph {
  readonly #files = new Map<string, File>()
  readonly #versions = new Map<string, string>()
  readonly #wanted = new Set<string>()

  /** Every file of a module, itself first. Paths are absolute and real. */
  filesOf(file: string): string[] {
    const files = new Set([file])
    for (const file of files) for (const imported of this.#read(file).imports) files.add(imported)
    return [...files]
  }

  /** All files that were read or are missing: a change of one may change a module. */
  get places(): string[] {
    return [...this.#files].flatMap(([file, { missing }]) => [file, ...missing]).concat([...this.#wanted])
  }

  /** Whether a file has changed since it was read. */
  get isOutdated(): boolean {
    const differs = ([file, { hash, missing }]: [string, File]) =>
      hashOf(bytesOf(file)) !== hash || missing.some(isFile)
    return [...this.#files].some(differs)
  }

  /** Adds a missing module; `place` may lack the extension. */
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

  /** A hash of what is in the files of a module, wherever they are on this machine. */
  contentOf(file: string): string {
    const hashes = this.filesOf(file).map((part) => this.#read(part).hash)
    return createHash('sha256').update(hashes.sort().join()).digest('hex')
  }

  #read(file: string): File {
    const known = this.#files.get(file)
    if (known) return known
    const read = readPart(file)
    this.#files.set(file, read)
    return read
  }
}

/** Whether this is an existing file. */
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

/** The file of an import, which need not exist; `undefined` if it is never loaded again. */
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
