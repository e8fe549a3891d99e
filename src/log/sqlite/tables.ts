/**
 * The tables of the database, and what was added since a database of an older format was made. `format.ts` recognises a
 * database by them, `store.ts` opens it with them.
 */

/** A row of `rooms` whose path does not begin with a slash is a room that was erased, of which rows may be left. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, max_age INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0, alarm INTEGER, active INTEGER NOT NULL DEFAULT 0, forget_after INTEGER);
  CREATE INDEX IF NOT EXISTS rooms_by_alarm ON rooms (alarm, path) WHERE alarm IS NOT NULL;
  CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS lives (life TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS epochs (room INTEGER NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, cleared INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (room, epoch)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS events (room INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, crc INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS storage (room INTEGER NOT NULL, key TEXT NOT NULL, crc INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (room, key));
  CREATE TABLE IF NOT EXISTS alarms (room INTEGER NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (room, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS answers (room INTEGER NOT NULL, client TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, seq INTEGER, time INTEGER NOT NULL, error TEXT, PRIMARY KEY (room, client, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS answers_by_time ON answers (room, time);
  CREATE TABLE IF NOT EXISTS forgotten (room INTEGER NOT NULL, client TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (room, client)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS forgotten_by_time ON forgotten (until);
  CREATE TABLE IF NOT EXISTS producers (room INTEGER NOT NULL, producer TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (room, producer)) WITHOUT ROWID;
`

/** Tables with rows of a room, beside `rooms`. */
export const OF_A_ROOM = ['events', 'storage', 'alarms', 'epochs', 'answers', 'forgotten', 'producers'] as const

/** Counts the formats. 2: storage, alarms, cleared epochs, errors kept as answers. */
export const FORMAT_VERSION = 2

export interface AddedColumn {
  readonly table: string
  readonly column: string
  readonly definition: string
}

/** Columns that tables of a format before 2 lack. */
export const ADDED: readonly AddedColumn[] = [
  { table: 'rooms', column: 'alarm', definition: 'INTEGER' },
  { table: 'rooms', column: 'active', definition: 'INTEGER NOT NULL DEFAULT 0' },
  { table: 'rooms', column: 'forget_after', definition: 'INTEGER' },
  { table: 'epochs', column: 'cleared', definition: 'INTEGER NOT NULL DEFAULT 0' },
  { table: 'answers', column: 'error', definition: 'TEXT' },
]
