/** Commands for any key, whatever it holds. */
import { type Answer, integer, OK, Status } from '../answer.ts'
import { type Command, frees, reads } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { scanned } from './scan.ts'

export const KEYS: readonly Command[] = [
  frees('DEL', -2, remove),
  frees('UNLINK', -2, remove),
  reads('EXISTS', -2, (db, keys) => keys.filter((key) => db.value(key)).length),
  reads('TYPE', 2, (db, [key = '']) => new Status(typeOf(db, key))),
  reads('DBSIZE', 1, (db) => [...db.keys()].length),
  reads('SCAN', -2, (db, [cursor, ...options]) =>
    scanned(cursor, options, [...db.keys()].sort(), (key) => typeOf(db, key)),
  ),
  frees('FLUSHALL', -1, clear),
  frees('FLUSHDB', -1, clear),
  frees('EXPIRE', 3, (db, [key = '', seconds]) => expireAt(db, key, db.nowMs + integer(seconds) * 1000)),
  frees('PEXPIRE', 3, (db, [key = '', ms]) => expireAt(db, key, db.nowMs + integer(ms))),
  frees('PEXPIREAT', 3, (db, [key = '', ms]) => expireAt(db, key, integer(ms))),
  frees('PERSIST', 2, (db, [key = '']) => {
    if (!db.value(key) || db.expiry(key) === undefined) return 0
    db.expire(key, undefined)
    return 1
  }),
  reads('PTTL', 2, (db, [key = '']) => {
    if (!db.value(key)) return -2
    const at = db.expiry(key)
    return at === undefined ? -1 : at - db.nowMs
  }),
]

function remove(db: Keyspace, keys: readonly string[]): number {
  let removed = 0
  for (const key of keys) if (db.value(key) && db.delete(key)) removed += 1
  return removed
}

function clear(db: Keyspace): Answer {
  db.clear()
  return OK
}

function expireAt(db: Keyspace, key: string, atMs: number): number {
  if (!db.value(key)) return 0
  if (atMs <= db.nowMs) db.delete(key)
  else db.expire(key, atMs)
  return 1
}

function typeOf(db: Keyspace, key: string): string {
  return db.value(key)?.type ?? 'none'
}
