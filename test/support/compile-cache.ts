/**
 * A cache of compiled code for what the tests start: each thread of a database, and each process, would compile the same
 * files again. It stays for the next run. vitest calls `setup` once for a run.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/corridor-compiled', import.meta.url))
/** Rooms that a test writes are compiled once and never again. */
const MOST_FILES = 10_000

/** The processes of vitest inherit the variable, which is Node's. */
export function setup(): void {
  if (existsSync(FOLDER) && filesIn(FOLDER) > MOST_FILES) rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  process.env.NODE_COMPILE_CACHE = FOLDER
}

function filesIn(folder: string): number {
  return readdirSync(folder, { recursive: true }).length
}
