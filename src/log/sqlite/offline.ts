/**
 * Copies of a database that no server has open, and the check of a copy. For the command line: a server makes copies of its
 * own database itself.
 */
import { backup, DatabaseSync } from 'node:sqlite'
import { errcodeOf } from '../../thrown.ts'
import { migration } from './format.ts'

/** The database in a data folder. */
export const FILE = 'corridor.db'

/** SQLite result codes of a file that another process has locked. */
const BUSY = 5
const LOCKED = 6
const BUSY_MS = 1000

/** Rejects if the database is not ours, or another process has it open. Nothing of it is changed. */
export async function copyStopped(database: string, file: string): Promise<void> {
  const db = new DatabaseSync(database, { readOnly: true, timeout: BUSY_MS })
  try {
    mustBeOurs(db)
    await backup(db, file)
  } catch (error) {
    const isLocked = [BUSY, LOCKED].includes(errcodeOf(error) & 255)
    if (!isLocked) throw error
    throw new Error(`${database}: a server has it open, and answers at no socket there; use GET /admin/backup`)
  } finally {
    db.close()
  }
}

/** Throws if a copy is damaged or not ours. Afterwards it is one file, without a second one beside it. */
export function mustBeCopy(file: string): void {
  const db = new DatabaseSync(file)
  try {
    mustBeOurs(db)
    const { quick_check: found } = db.prepare('PRAGMA quick_check(1)').get() ?? {}
    if (found !== 'ok') throw new Error(`the copy is damaged: ${found}`)
    db.exec('PRAGMA journal_mode = DELETE')
  } finally {
    db.close()
  }
}

function mustBeOurs(db: DatabaseSync): void {
  migration(db)
}
