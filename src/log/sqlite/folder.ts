/**
 * The folder of the SQLite log: created if it is missing, with a readable configuration error if that fails.
 * `sqlite.ts` calls this before it opens the file.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../mistakes.ts'
import { codeOf } from '../../thrown.ts'

/** Throws a `ConfigError` that names `DATA_DIR`. */
export function makeFolder(folder: string): void {
  try {
    const missing: string[] = []
    // Level by level: a recursive mkdir never returns if a file system answers ENOENT for a folder it cannot make.
    for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.unshift(at)
    for (const level of missing) mkdirSync(level)
    if (statSync(folder).isDirectory()) return
  } catch (error) {
    throw mistake(folder, codeOf(error) ?? String(error))
  }
  throw mistake(folder, 'it is no folder')
}

function mistake(folder: string, why: string): ConfigError {
  return new ConfigError([
    `DATA_DIR: expected a folder that is there or can be made, got "${folder}" (${why}); set another, or :memory:`,
  ])
}
