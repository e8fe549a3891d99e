/**
 * Recognises a database: one of ours in this format, one of ours from before formats were stamped, a new one, or one
 * that must not be touched. `file.ts` checks before it changes anything.
 */
import { DatabaseSync } from 'node:sqlite'

/** `application_id` is "Corr"; `user_version` counts the formats. */
const APPLICATION_ID = 0x43_6f_72_72
const FORMAT_VERSION = 1

/** The file is not a database that this version can read. Nothing was changed in it. */
class FormatError extends Error {
  /** Negative, unlike all result codes of SQLite. */
  readonly errcode = -1
}

/** Throws a `FormatError` if another program or a newer version wrote the file. Returns whether it must be stamped. */
export function mustBeOurs(db: DatabaseSync, schema: string): boolean {
  const application = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  const tables = tablesOf(db)
  const expected = expectedTables(schema)
  if (application !== APPLICATION_ID && application !== 0)
    throw foreign(`a database of another program (application_id ${application})`)
  if (application === 0 && tables.size > 0 && [...expected.keys()].every((name) => !tables.has(name)))
    throw foreign(`a database of another program (tables ${[...tables.keys()].slice(0, 5).join(', ')})`)
  if (version < 0 || version > FORMAT_VERSION)
    throw new FormatError(
      `expected a database of Corridor of format ${FORMAT_VERSION}, got format ${version}; ` +
        'start the newer version of Corridor that wrote it, restore a backup of before, or set DATA_DIR to another folder',
    )
  for (const [name, columns] of expected) {
    const missing = tables.has(name) ? columns.filter((column) => !tables.get(name)?.includes(column)) : []
    if (missing.length > 0) throw foreign(`a table "${name}" without ${missing.join(', ')}`)
  }
  return application === 0 || version < FORMAT_VERSION
}

/** Statements that stamp the file with its program and format. */
export const STAMP = `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};`

function foreign(got: string): FormatError {
  return new FormatError(
    `expected a database of Corridor of format ${FORMAT_VERSION}, got ${got}; move the file away, or set DATA_DIR to another folder`,
  )
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

function expectedTables(schema: string): Map<string, string[]> {
  const db = new DatabaseSync(':memory:')
  try {
    db.exec(schema)
    return tablesOf(db)
  } finally {
    db.close()
  }
}

/** The tables of a database and their columns. */
function tablesOf(db: DatabaseSync): Map<string, string[]> {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)')
  return new Map(
    names.map(({ name }) => [String(name), columns.all(String(name)).map((column) => String(column.name))]),
  )
}
