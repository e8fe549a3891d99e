/** Commands for streams. */
import { type Answer, CommandError, integer, OK, SYNTAX } from '../answer.ts'
import { type Command, frees, reads, writes } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { type Keeps, Stream } from '../stream.ts'
import { type Id, isBefore, type StreamItem } from '../stream-node.ts'
import { added, HIGHEST, idText, LOWEST, limit, plainId } from './stream-ids.ts'

/** What an approximate trim removes at most, if it does not say. */
const MOST_TRIMMED = 10_000

export const STREAMS: readonly Command[] = [
  writes('XADD', -5, add),
  reads('XLEN', 2, (db, [key = '']) => db.find(key, Stream)?.length ?? 0),
  reads('XRANGE', -4, (db, [key = '', from = '', to = '', ...rest]) => range(db, key, from, to, rest, false)),
  reads('XREVRANGE', -4, (db, [key = '', from = '', to = '', ...rest]) => range(db, key, to, from, rest, true)),
  frees('XDEL', -3, (db, [key = '', ...texts]) => {
    if (!db.find(key, Stream)) return 0
    const ids = texts.map((text) => plainId(text, 0))
    const own = db.own(key, Stream)
    return ids.filter((id) => own.delete(id)).length
  }),
  frees('XTRIM', -4, (db, [key = '', ...rest]) => {
    const trim = trimOf(rest)
    if (trim.used !== rest.length) throw SYNTAX
    return db.find(key, Stream) ? db.own(key, Stream).trim(trim.keeps, trim.isApproximate, trim.limit) : 0
  }),
  writes('XSETID', -3, (db, [key = '', text = '']) => {
    const id = plainId(text, 0)
    if (!db.find(key, Stream)) throw new CommandError('ERR no such key')
    const own = db.own(key, Stream)
    const top = own.nodes.at(-1)?.items.findLast((item) => !item.isDeleted)
    if (top && isBefore(id, top.id))
      throw new CommandError('ERR The ID specified in XSETID is smaller than the target stream top item')
    own.last = id
    return OK
  }),
  reads('XINFO', -2, (db, [about, key = '']) => {
    if (about?.toUpperCase() !== 'STREAM') throw new CommandError('ERR unknown subcommand')
    return info(db, key)
  }),
]

function add(db: Keyspace, [key = '', ...rest]: readonly string[]): Answer {
  let at = 0
  let isMaking = true
  let trim: Trim | undefined
  for (;;) {
    const option = rest[at]?.toUpperCase()
    if (option === 'NOMKSTREAM') {
      isMaking = false
      at += 1
    } else if (option === 'MAXLEN' || option === 'MINID') {
      trim = trimOf(rest.slice(at))
      at += trim.used
    } else break
  }
  const [text = '', ...fields] = rest.slice(at)
  const wanted = text === '*' ? '*' : added(text)
  if (fields.length === 0 || fields.length % 2 === 1)
    throw new CommandError("ERR wrong number of arguments for 'xadd' command")
  if (wanted !== '*' && wanted.ms === 0 && wanted.seq === 0)
    throw new CommandError('ERR The ID specified in XADD must be greater than 0-0')
  const found = db.find(key, Stream)
  if (!found && !isMaking) return null
  const last = found?.last ?? { ms: 0, seq: 0 }
  const id = given(wanted, last, db.nowMs)
  if (!id || !isBefore(last, id))
    throw new CommandError('ERR The ID specified in XADD is equal or smaller than the target stream top item')
  const own = db.own(key, Stream)
  own.add(id, fields)
  if (trim) own.trim(trim.keeps, trim.isApproximate, trim.limit)
  return idText(id)
}

function given(
  wanted: Id | { readonly ms: number; readonly seq?: undefined } | '*',
  last: Id,
  nowMs: number,
): Id | undefined {
  if (wanted === '*') return nowMs > last.ms ? { ms: nowMs, seq: 0 } : { ms: last.ms, seq: last.seq + 1 }
  if (wanted.seq !== undefined) return wanted
  if (wanted.ms < last.ms) return undefined
  return wanted.ms === last.ms ? { ms: last.ms, seq: last.seq + 1 } : { ms: wanted.ms, seq: 0 }
}

interface Trim {
  readonly keeps: Keeps
  readonly isApproximate: boolean
  readonly limit: number
  /** How many arguments it has. */
  readonly used: number
}

function trimOf(args: readonly string[]): Trim {
  const [strategy, next] = args
  const isApproximate = next === '~'
  let used = isApproximate || next === '=' ? 2 : 1
  const threshold = args[used]
  if (threshold === undefined) throw SYNTAX
  used += 1
  let keeps: Keeps
  if (strategy?.toUpperCase() === 'MAXLEN') {
    keeps = { length: integer(threshold) }
    if (keeps.length < 0) throw new CommandError('ERR The MAXLEN argument must be >= 0.')
  } else if (strategy?.toUpperCase() === 'MINID') keeps = { from: plainId(threshold, 0) }
  else throw SYNTAX
  let most = isApproximate ? MOST_TRIMMED : 0
  if (args[used]?.toUpperCase() === 'LIMIT') {
    most = integer(args[used + 1])
    if (most < 0) throw new CommandError('ERR The LIMIT argument must be >= 0.')
    if (!isApproximate) throw new CommandError('ERR syntax error, LIMIT cannot be used without the special ~ option')
    used += 2
  }
  return { keeps, isApproximate, limit: most, used }
}

function range(
  db: Keyspace,
  key: string,
  from: string,
  to: string,
  rest: readonly string[],
  isReversed: boolean,
): Answer {
  const [first, last] = [limit(from, 0, 1), limit(to, HIGHEST, -1)]
  let count = Number.POSITIVE_INFINITY
  if (rest.length > 0) {
    if (rest.length !== 2 || rest[0]?.toUpperCase() !== 'COUNT') throw SYNTAX
    count = Math.max(0, integer(rest[1]))
  }
  const stream = db.find(key, Stream)
  if (!stream) return []
  if (count === 0) return null
  const found: Answer[] = []
  for (const item of isReversed ? stream.reversed(last, first) : stream.range(first, last)) {
    if (found.length >= count) break
    found.push(entry(item))
  }
  return found
}

function info(db: Keyspace, key: string): Answer {
  const stream = db.find(key, Stream)
  if (!stream) throw new CommandError('ERR no such key')
  const [first] = stream.range(LOWEST, { ms: HIGHEST, seq: HIGHEST })
  const [last] = stream.reversed({ ms: HIGHEST, seq: HIGHEST }, LOWEST)
  return [
    ...['length', stream.length, 'radix-tree-keys', stream.nodes.length, 'radix-tree-nodes', stream.nodes.length + 1],
    ...['last-generated-id', idText(stream.last), 'max-deleted-entry-id', idText(stream.maxDeleted)],
    ...['entries-added', stream.added, 'recorded-first-entry-id', idText(first?.id ?? LOWEST), 'groups', 0],
    ...['first-entry', first ? entry(first) : null, 'last-entry', last ? entry(last) : null],
  ]
}

function entry({ id, fields }: StreamItem): Answer {
  return [idText(id), fields]
}
