/**
 * Imported before a server that kills itself in the midst of a transaction: right after the statement that a point names,
 * just before the commit (`sql:uncommitted`), or once it is on disk and its thread has told nobody (`sql:committed`).
 */
import { DatabaseSync } from 'node:sqlite'
import { die, isLast } from './doom.ts'

const STATEMENTS = {
  'sql:event': /^INSERT INTO events/,
  'sql:id': /^INSERT (OR \w+ )?INTO answers/,
  'sql:storage': /INTO storage|^UPDATE storage/,
  'sql:storage-delete': /^DELETE FROM storage/,
  'sql:alarm': /INTO alarms/,
  'sql:alarm-delete': /^DELETE FROM alarms/,
  'sql:alarm-next': /^UPDATE rooms SET alarm/,
  'sql:redact': /^UPDATE events/,
  'sql:clear': /^INSERT (OR \w+ )?INTO epochs|^UPDATE epochs/,
}

const { prepare, exec } = DatabaseSync.prototype

DatabaseSync.prototype.prepare = function (sql) {
  const statement = prepare.call(this, sql)
  const points = Object.entries(STATEMENTS).flatMap(([point, is]) => (is.test(sql.trim()) ? [point] : []))
  if (points.length === 0) return statement
  const run: (...values: never[]) => ReturnType<typeof statement.run> = statement.run.bind(statement)
  statement.run = (...values: unknown[]) => {
    const result = run(...(values as never[]))
    if (isLast(...points)) die()
    return result
  }
  return statement
}

DatabaseSync.prototype.exec = function (sql) {
  if (sql === 'COMMIT' && isLast('sql:uncommitted')) die()
  exec.call(this, sql)
  if (sql === 'COMMIT' && isLast('sql:committed')) die()
}
