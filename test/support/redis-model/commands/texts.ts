/** Commands for plain texts and counters. */
import { type Answer, CommandError, integer, OK, SYNTAX } from '../answer.ts'
import { type Command, reads, writes } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { Text } from '../values.ts'

export const TEXTS: readonly Command[] = [
  reads('GET', 2, (db, [key = '']) => db.find(key, Text)?.text ?? null),
  reads('STRLEN', 2, (db, [key = '']) => db.find(key, Text)?.text.length ?? 0),
  reads('MGET', -2, (db, keys) => keys.map((key) => textOrNone(db, key))),
  writes('SET', -3, (db, [key = '', text = '', ...options]) => set(db, key, text, options)),
  writes('SETNX', 3, (db, [key = '', text = '']) => (set(db, key, text, ['NX']) === OK ? 1 : 0)),
  writes('APPEND', 3, (db, [key = '', text = '']) => {
    const kept = db.own(key, Text)
    kept.text += text
    return kept.text.length
  }),
  writes('INCR', 2, (db, [key = '']) => add(db, key, 1)),
  writes('DECR', 2, (db, [key = '']) => add(db, key, -1)),
  writes('INCRBY', 3, (db, [key = '', by]) => add(db, key, integer(by))),
]

function set(db: Keyspace, key: string, text: string, options: readonly string[]): Answer {
  let [condition, expiry, isGet]: [string | undefined, number | undefined | 'kept', boolean] = [
    undefined,
    undefined,
    false,
  ]
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at]?.toUpperCase()
    if ((option === 'NX' || option === 'XX') && (condition === undefined || condition === option)) condition = option
    else if (option === 'GET') isGet = true
    else if (option === 'KEEPTTL' && expiry === undefined) expiry = 'kept'
    else if (
      (option === 'PX' || option === 'EX' || option === 'PXAT') &&
      expiry === undefined &&
      at + 1 < options.length
    ) {
      at += 1
      const number = integer(options[at])
      if (number <= 0) throw new CommandError("ERR invalid expire time in 'set' command")
      expiry = option === 'PXAT' ? number : db.nowMs + number * (option === 'EX' ? 1000 : 1)
    } else throw SYNTAX
  }
  const old = isGet ? (db.find(key, Text)?.text ?? null) : null
  const isThere = db.value(key) !== undefined
  if ((condition === 'NX' && isThere) || (condition === 'XX' && !isThere)) return old
  const kept = db.expiry(key)
  db.delete(key)
  db.own(key, Text).text = text
  db.expire(key, expiry === 'kept' ? kept : expiry)
  return isGet ? old : OK
}

function add(db: Keyspace, key: string, by: number): number {
  const sum = integer(db.find(key, Text)?.text ?? '0') + by
  if (!Number.isSafeInteger(sum)) throw new RangeError(`the model has whole numbers up to 2^53, got ${sum}`)
  db.own(key, Text).text = String(sum)
  return sum
}

function textOrNone(db: Keyspace, key: string): string | null {
  const found = db.value(key)
  return found instanceof Text ? found.text : null
}
