/** Commands for hashes. */
import { CommandError, integer, OK } from '../answer.ts'
import { type Command, frees, reads, writes } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { Hash } from '../values.ts'
import { scanned, withValues } from './scan.ts'

export const HASHES: readonly Command[] = [
  reads('HGET', 3, (db, args) => db.find(args[0] ?? '', Hash)?.fields.get(args[1] ?? '') ?? null),
  reads('HMGET', -3, (db, args) => {
    const hash = db.find(args[0] ?? '', Hash)
    const values: (string | null)[] = []
    for (let at = 1; at < args.length; at += 1) values.push(hash?.fields.get(args[at] ?? '') ?? null)
    return values
  }),
  reads('HGETALL', 2, (db, [key = '']) => [...(db.find(key, Hash)?.fields ?? [])].flat()),
  reads('HKEYS', 2, (db, [key = '']) => [...(db.find(key, Hash)?.fields.keys() ?? [])]),
  reads('HVALS', 2, (db, [key = '']) => [...(db.find(key, Hash)?.fields.values() ?? [])]),
  reads('HLEN', 2, (db, [key = '']) => db.find(key, Hash)?.fields.size ?? 0),
  reads('HEXISTS', 3, (db, [key = '', field = '']) => (db.find(key, Hash)?.fields.has(field) ? 1 : 0)),
  reads('HSTRLEN', 3, (db, [key = '', field = '']) => db.find(key, Hash)?.fields.get(field)?.length ?? 0),
  reads('HSCAN', -3, (db, [key = '', cursor, ...options]) => {
    const fields = db.find(key, Hash)?.fields ?? new Map<string, string>()
    return withValues(scanned(cursor, options, [...fields.keys()].sort()), (field) => fields.get(field) ?? '')
  }),
  writes('HSET', -4, (db, args) => set(db, 'hset', args)),
  writes('HMSET', -4, (db, args) => {
    set(db, 'hmset', args)
    return OK
  }),
  writes('HSETNX', 4, (db, [key = '', field = '', value = '']) => {
    if (db.find(key, Hash)?.fields.has(field)) return 0
    db.own(key, Hash).fields.set(field, value)
    return 1
  }),
  writes('HINCRBY', 4, (db, [key = '', field = '', by]) => {
    const step = integer(by)
    const sum = fieldNumber(db.find(key, Hash)?.fields.get(field)) + step
    if (!Number.isSafeInteger(sum)) throw new RangeError(`the model has whole numbers up to 2^53, got ${sum}`)
    db.own(key, Hash).fields.set(field, String(sum))
    return sum
  }),
  frees('HDEL', -3, (db, [key = '', ...fields]) => {
    const found = db.find(key, Hash)
    if (!found || !fields.some((field) => found.fields.has(field))) return 0
    const own = db.own(key, Hash)
    let removed = 0
    for (const field of fields) if (own.fields.delete(field)) removed += 1
    db.tidy(key)
    return removed
  }),
]

/** A key, then fields and values. */
function set(db: Keyspace, name: string, args: readonly string[]): number {
  if (args.length % 2 === 0) throw new CommandError(`ERR wrong number of arguments for '${name}' command`)
  const { fields } = db.own(args[0] ?? '', Hash)
  const before = fields.size
  for (let at = 1; at < args.length; at += 2) fields.set(args[at] ?? '', args[at + 1] ?? '')
  return fields.size - before
}

function fieldNumber(text: string | undefined): number {
  if (text === undefined) return 0
  try {
    return integer(text)
  } catch (error) {
    if (error instanceof CommandError) throw new CommandError('ERR hash value is not an integer')
    throw error
  }
}
