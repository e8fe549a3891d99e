/** What was found out about each client in a run: a line of JSON each, in the file that `FOREIGN` names, for `run.ts`. */
import { appendFileSync } from 'node:fs'

/** A row of a table in `docs/CLIENTS.md`: its cells, or why the client could not run. */
export interface Row {
  readonly table: 'websocket' | 'http' | 'socketio'
  readonly client: string
  readonly cells?: readonly string[]
  readonly missing?: string
}

export function note(row: Row): void {
  const { FOREIGN } = process.env
  if (FOREIGN) appendFileSync(FOREIGN, `${JSON.stringify(row)}\n`)
}
