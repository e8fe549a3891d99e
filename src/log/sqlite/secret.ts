/** The secret of the log in a database. `epochs-table.ts` saves it with the life that made it. */
import type { SqliteFile } from './file.ts'

/** Its name in the table of secrets. */
export const KEY = 'key'

export function keyOf(file: SqliteFile): Uint8Array | undefined {
  const value = file.get('SELECT value FROM secrets WHERE name = ?', KEY)?.value
  return value instanceof Uint8Array ? value : undefined
}
