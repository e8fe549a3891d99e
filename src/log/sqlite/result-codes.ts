/**
 * What the result codes of SQLite (sqlite.org/rescode.html) mean for a log: may it still be written, read, opened at all?
 * `sqlite.ts` asks.
 */
import { DatabaseError } from './thread.ts'

const BUSY = 5
/** READONLY, IOERR, FULL. */
const UNWRITABLE = new Set([8, 10, 13])
/** CORRUPT, NOTADB. */
const BROKEN = new Set([11, 26])
/** IOERR_FSYNC, IOERR_DIR_FSYNC. */
const UNSYNCED = new Set([1034, 1290])

/** Nothing more may be written until a restart: a sync failed, the file is broken, or the thread of the database is gone. */
export function isBreaking(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  return UNSYNCED.has(error.code) || BROKEN.has(primary(error.code))
}

/** The disk takes no writes, but what is there may be read. */
export function isUnwritable(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && UNWRITABLE.has(primary(error.code))
}

/** SQLite before these could corrupt a log in WAL mode (sqlite.org/wal.html, the WAL-reset bug; fixed 3.51.3). */
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

/** What is wrong with a file that could not be opened, and how to mend it. */
export function openMistake(error: Error): string {
  const { message } = error
  const code = codeOf(error)
  if (code < 0) return message
  if (primary(code) === BUSY) return 'another server has this file open; give each server a DATA_DIR of its own'
  if (BROKEN.has(primary(code)))
    return `expected a database of Corridor, got "${message}"; move it away or restore a backup`
  return `expected a file that can be written, got "${message}"; set DATA_DIR to another folder, or to :memory:`
}

function codeOf(error: Error): number {
  return error instanceof DatabaseError ? error.code : 0
}

/** The code without what extends it. */
function primary(code: number): number {
  return code & 255
}
