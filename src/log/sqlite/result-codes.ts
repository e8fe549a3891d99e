/**
 * What SQLite's result codes (sqlite.org/rescode.html) mean for a log: whether it can still be written, read or opened.
 * `sqlite.ts` uses it.
 */
import { DatabaseError } from './thread.ts'

const BUSY = 5
/** READONLY, IOERR, FULL. */
const UNWRITABLE = new Set([8, 10, 13])
/** CORRUPT, NOTADB. */
const CORRUPTED = new Set([11, 26])
/** IOERR_FSYNC, IOERR_DIR_FSYNC. */
const UNSYNCED = new Set([1034, 1290])

/** Nothing may be written until a restart: a sync failed, the file is corrupt, or the database thread has ended. */
export function isBreaking(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  return UNSYNCED.has(error.code) || CORRUPTED.has(primary(error.code))
}

/** The disk cannot be written, but it can be read. */
export function isUnwritable(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && UNWRITABLE.has(primary(error.code))
}

/** Earlier versions could corrupt a log in WAL mode (sqlite.org/wal.html, the WAL-reset bug, fixed in 3.51.3). */
export function mustBeSound(version: string | undefined): void {
  const [major = 0, minor = 0, patch = 0] = (version ?? '').split('.').map(Number)
  const isSound =
    major > 3 ||
    minor > 51 ||
    (minor === 51 && patch >= 3) ||
    (minor === 50 && patch >= 7) ||
    (minor === 44 && patch >= 6)
  if (isSound) return
  throw new Error(
    `expected SQLite 3.51.3 or later (3.50.7, 3.44.6), this Node has ${version}; use a newer Node, or DATA_DIR=:memory:`,
  )
}

/** Why a file could not be opened, and how to mend it. */
export function openMistake(error: Error): string {
  const { message } = error
  const code = codeOf(error)
  if (code < 0) return message
  if (primary(code) === BUSY) return 'another server has this file open; give each server a DATA_DIR of its own'
  if (CORRUPTED.has(primary(code)))
    return `expected a database of Corridor, got "${message}"; move it away or restore a backup`
  return `expected a file that can be written, got "${message}"; set DATA_DIR to another folder, or to :memory:`
}

function codeOf(error: Error): number {
  return error instanceof DatabaseError ? error.code : 0
}

/** The primary code of an extended one. */
function primary(code: number): number {
  return code & 255
}
