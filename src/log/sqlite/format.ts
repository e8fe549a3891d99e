/**
 * Recognises a database: one of ours in this format, one of ours in an older format, a new one, or one that must not be
 * touched. `file.ts` checks before it changes anything.
 */
import { DatabaseSync } from 'node:sqlite'
import { ADDED, FORMAT_VERSION, SCHEMA } from './tables.ts'

/** `application_id` is "Corr"; `user_version` counts the formats. Before formats were counted, both are 0. */
const APPLICATION_ID = 0x43_6f_72_72

/** The file is not a database that this version can read. Nothing was changed in it. */
class FormatError extends Error {
  /** Negative, unlike all result codes of SQLite. */
  readonly errcode = -1
}

/**
 * The statements that make the database one of this format, to be run in one transaction; for one that is, they write
 * nothing. Throws a `FormatError` if another program or a newer version wrote the file.
 */
export function migration(db: DatabaseSync): string {
  const application = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  const tables = tablesOf(db)
  mustBeOurs(application, version, tables)
  const added = ADDED.filter(({ table, column }) => tables.has(table) && !tables.get(table)?.includes(column))
  // Before the schema: an index of it needs its columns.
  const columns = added.map(
    ({ table, column, definition }) => `ALTER TABLE ${table} ADD COLUMN ${column} ${definition};`,
  )
  const isStamped = application === APPLICATION_ID && version === FORMAT_VERSION
  return [...columns, SCHEMA, isStamped ? '' : STAMP].join(' ')
}

const STAMP = `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};`

function mustBeOurs(application: number, version: number, tables: Map<string, string[]>): void {
  const expected = expectedTables()
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
    const found = tables.get(name) ?? columns
    const missing = columns.filter((column) => !found.includes(column) && !isAdded(version, name, column))
    if (missing.length > 0) throw foreign(`a table "${name}" without ${missing.join(', ')}`)
  }
}

/** Whether a database of this format is made one of the current format by adding the column. */
function isAdded(version: number, table: string, column: string): boolean {
  return version < FORMAT_VERSION && ADDED.some((added) => added.table === table && added.column === column)
}

function foreign(got: string): FormatError {
  return new FormatError(
    `expected a database of Corridor of format ${FORMAT_VERSION}, got ${got}; move the file away, or set DATA_DIR to another folder`,
  )
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

function expectedTables(): Map<string, string[]> {
  const db = new DatabaseSync(':memory:')
  try {
    db.exec(SCHEMA)
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
