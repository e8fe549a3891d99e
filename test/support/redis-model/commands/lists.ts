/** Commands for lists. */
import { CommandError, integer, OK } from '../answer.ts'
import { type Command, frees, reads, writes } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { List } from '../values.ts'

export const LISTS: readonly Command[] = [
  reads('LLEN', 2, (db, [key = '']) => db.find(key, List)?.items.length ?? 0),
  reads('LINDEX', 3, (db, [key = '', index]) => db.find(key, List)?.items.at(integer(index)) ?? null),
  reads('LRANGE', 4, (db, [key = '', from, to]) => {
    const [first, last] = [integer(from), integer(to)]
    const items = db.find(key, List)?.items ?? []
    return items.slice(...span(first, last, items.length))
  }),
  writes('RPUSH', -3, (db, [key = '', ...items]) => {
    const list = db.own(key, List)
    list.items.push(...items)
    return list.items.length
  }),
  writes('LPUSH', -3, (db, [key = '', ...items]) => {
    const list = db.own(key, List)
    list.items.unshift(...items.reverse())
    return list.items.length
  }),
  writes('LSET', 4, (db, [key = '', index, item = '']) => {
    if (!db.find(key, List)) throw new CommandError('ERR no such key')
    const list = db.own(key, List)
    const at = integer(index)
    const place = at < 0 ? list.items.length + at : at
    if (place < 0 || place >= list.items.length) throw new CommandError('ERR index out of range')
    list.items[place] = item
    return OK
  }),
  frees('LTRIM', 4, (db, [key = '', from, to]) => {
    const [first, last] = [integer(from), integer(to)]
    const found = db.find(key, List)
    if (!found) return OK
    const [start, end] = span(first, last, found.items.length)
    if (start === 0 && end >= found.items.length) return OK
    db.own(key, List).items = found.items.slice(start, end)
    db.tidy(key)
    return OK
  }),
  frees('LPOP', 2, (db, [key = '']) => pop(db, key, (items) => items.shift())),
  frees('RPOP', 2, (db, [key = '']) => pop(db, key, (items) => items.pop())),
]

/** Both ends included as Redis has them, made those of a `slice`. */
export function span(from: number, to: number, length: number): [number, number] {
  const start = Math.max(0, from < 0 ? length + from : from)
  const end = to < 0 ? length + to : to
  return start > end ? [0, 0] : [start, end + 1]
}

function pop(db: Keyspace, key: string, take: (items: string[]) => string | undefined): string | null {
  if (!db.find(key, List)) return null
  const taken = take(db.own(key, List).items)
  db.tidy(key)
  return taken ?? null
}
