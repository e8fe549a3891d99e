/**
 * Finds and imports room modules: the name in `rooms.json` → a file → what it exports by default.
 *
 * A module is imported under a version made from the content of its files. So a changed module is read anew, and an
 * unchanged one is the same object as before, by which a reload sees that nothing happened to it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installHooks, isFixed, isNotFound, resolvePackage } from './hooks.ts'
import { nameOf } from './mistakes.ts'

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs']
const IMPORTS = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** One that waits for ever at its top level must not hold up the start, or every reload after it. */
const LOAD_MS = 10_000

/** Why a module cannot be used, in one line. */
export class ModuleError extends Error {}

/** The file that `name` means in `folder` (absolute). Throws a `ModuleError` that says where it was looked for. */
export function resolveModule(name: string, folder: string): string {
  const base = resolve(folder, name)
  const files = EXTENSIONS.includes(extname(name)) ? [base] : EXTENSIONS.map((extension) => base + extension)
  const file = files.find(isFile)
  if (file) return file
  if (!/^[./]/.test(name)) {
    const installed = findPackage(name, folder)
    if (installed) return installed
  }
  const place = files.length > 1 ? `${base}.ts (.mts, .js, .mjs)` : base
  const orPackage = /^[./]/.test(name) ? '' : ` and no installed package "${name}"`
  throw new ModuleError(`expected a room module, found no file ${place}${orPackage}; make one, or mend the name`)
}

/** Imports a module's file. → what it exports by default. Throws a `ModuleError` with message and place, no stack. */
export async function importModule(file: string, withinMs = LOAD_MS): Promise<unknown> {
  installHooks()
  const url = pathToFileURL(await realpath(file)).href
  const versioned = isFixed(url) ? url : `${url}?v=${await versionOf(file)}`
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`it is not there within ${withinMs} ms`)), withinMs)
  const loading: Promise<{ default?: unknown }> = Promise.race([import(versioned), late])
  const module = await loading
    .catch(async (error: unknown) => {
      throw new ModuleError(await explain(error, file))
    })
    .finally(() => clearTimeout(timer))
  if (module.default !== undefined) return module.default
  throw new ModuleError(`expected "export default defineRoom({ … })" in ${nameOf(file)}, got no default export`)
}

/** Every file a module consists of, itself first: what it imports by relative paths, and what those do. */
export async function moduleFiles(file: string): Promise<string[]> {
  const files = new Set([file])
  for (const file of files) {
    const source = await readFile(file, 'utf8').catch(() => '')
    for (const [, , specifier = ''] of source.matchAll(IMPORTS)) {
      const imported = resolve(dirname(file), specifier.replace(/[?#].*$/, ''))
      if (!isFixed(pathToFileURL(imported).href) && isFile(imported)) files.add(imported)
    }
  }
  return [...files]
}

async function versionOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for (const part of await moduleFiles(file)) hash.update(part).update(await readFile(part))
  return hash.digest('hex').slice(0, 16)
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

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

async function explain(error: unknown, file: string): Promise<string> {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place = placeIn(stack) ?? (error instanceof SyntaxError ? await syntaxPlace(file) : undefined)
  return `the module cannot be loaded: ${firstLine(error)} (${place ?? nameOf(file)})`
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return (
    message
      .trim()
      .split('\n')[0]
      ?.replaceAll(/file:\/\/([^\s'"?]+)(\?v=\w+)?/g, '$1') ?? ''
  )
}

/** The first place in a stack that is a file of the author's: `/rooms/quiz.ts:3`. */
function placeIn(stack: string): string | undefined {
  for (const [, path = '', line] of stack.matchAll(/(?:file:\/\/)?(\/[^\s()?:]+)(?:\?v=\w+)?:(\d+)/g)) {
    const file = decodeURIComponent(path)
    if (isFile(file) && !isFixed(pathToFileURL(file).href)) return `${nameOf(file)}:${line}`
  }
  return undefined
}

/** Node does not say where a syntax error in imported JavaScript stands; asked about the file alone it does. */
async function syntaxPlace(file: string): Promise<string | undefined> {
  for (const part of await moduleFiles(file)) {
    const said = await new Promise<string>((done) => {
      execFile(process.execPath, ['--check', part], (_error, _stdout, stderr) => done(stderr))
    })
    const place = placeIn(said)
    if (place) return place
  }
  return undefined
}
