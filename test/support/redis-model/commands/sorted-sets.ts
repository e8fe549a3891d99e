/** Commands for sorted sets. */
import { type Answer, CommandError, integer, NOT_FLOAT, SYNTAX } from '../answer.ts'
import { type Command, frees, reads, writes } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { argumentText } from '../lua/numbers.ts'
import { type Scored, SortedSet } from '../sorted-set.ts'
import { byteLimits, scoreLimits } from './limits.ts'
import { span } from './lists.ts'
import { scanned, withValues } from './scan.ts'

export const SORTED_SETS: readonly Command[] = [
  writes('ZADD', -4, (db, [key = '', ...rest]) => add(db, key, rest)),
  frees('ZREM', -3, (db, [key = '', ...members]) => {
    const found = db.find(key, SortedSet)
    if (!found || !members.some((member) => found.scores.has(member))) return 0
    const own = db.own(key, SortedSet)
    const removed = members.filter((member) => own.delete(member)).length
    db.tidy(key)
    return removed
  }),
  reads('ZCARD', 2, (db, [key = '']) => db.find(key, SortedSet)?.sorted.length ?? 0),
  reads('ZSCORE', 3, (db, [key = '', member = '']) => {
    const score = db.find(key, SortedSet)?.scores.get(member)
    return score === undefined ? null : argumentText(score)
  }),
  reads('ZCOUNT', 4, (db, [key = '', from = '', to = '']) => {
    const fits = scoreLimits(from, to)
    return sorted(db, key).filter(fits).length
  }),
  reads('ZRANGE', -4, (db, [key = '', from = '', to = '', ...options]) => range(db, key, from, to, options)),
  reads('ZRANGEBYSCORE', -4, (db, [key = '', from = '', to = '', ...options]) =>
    range(db, key, from, to, ['BYSCORE', ...options]),
  ),
  reads('ZREVRANGEBYSCORE', -4, (db, [key = '', from = '', to = '', ...options]) =>
    range(db, key, from, to, ['BYSCORE', 'REV', ...options]),
  ),
  reads('ZRANGEBYLEX', -4, (db, [key = '', from = '', to = '', ...options]) =>
    range(db, key, from, to, ['BYLEX', ...options]),
  ),
  reads('ZSCAN', -3, (db, [key = '', cursor, ...options]) => {
    const scores = db.find(key, SortedSet)?.scores ?? new Map<string, number>()
    return withValues(scanned(cursor, options, [...scores.keys()].sort()), (member) =>
      argumentText(scores.get(member) ?? 0),
    )
  }),
]

function sorted(db: Keyspace, key: string): readonly Scored[] {
  return db.find(key, SortedSet)?.sorted ?? []
}

function add(db: Keyspace, key: string, rest: readonly string[]): number {
  const options = new Set<string>()
  let at = 0
  for (; /^(NX|XX|GT|LT|CH)$/i.test(rest[at] ?? ''); at += 1) options.add((rest[at] ?? '').toUpperCase())
  const pairs = rest.slice(at)
  if (pairs.length === 0 || pairs.length % 2 === 1) throw SYNTAX
  if (options.has('NX') && options.has('XX'))
    throw new CommandError('ERR XX and NX options at the same time are not compatible')
  if ([options.has('GT'), options.has('LT'), options.has('NX')].filter(Boolean).length > 1)
    throw new CommandError('ERR GT, LT, and/or NX options at the same time are not compatible')
  const scores = pairs.filter((_, index) => index % 2 === 0).map(score)
  if (options.has('XX') && !db.find(key, SortedSet)) return 0
  const set = db.own(key, SortedSet)
  let [added, changed] = [0, 0]
  for (const [index, next] of scores.entries()) {
    const member = pairs[index * 2 + 1] ?? ''
    const known = set.scores.get(member)
    if (known === undefined ? options.has('XX') : options.has('NX')) continue
    if (known !== undefined && ((options.has('GT') && next <= known) || (options.has('LT') && next >= known))) continue
    if (known === undefined) added += 1
    else if (known !== next) changed += 1
    set.set(member, next)
  }
  db.tidy(key)
  return options.has('CH') ? added + changed : added
}

function range(db: Keyspace, key: string, from: string, to: string, options: readonly string[]): Answer {
  let [by, isReversed, withScores, offset, count] = ['index', false, false, 0, -1]
  let isLimited = false
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at]?.toUpperCase()
    if (option === 'BYSCORE' || option === 'BYLEX') by = option
    else if (option === 'REV') isReversed = true
    else if (option === 'WITHSCORES') withScores = true
    else if (option === 'LIMIT' && at + 2 < options.length) {
      ;[offset, count, isLimited] = [integer(options[at + 1]), integer(options[at + 2]), true]
      at += 2
    } else throw SYNTAX
  }
  if (isLimited && by === 'index')
    throw new CommandError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  if (withScores && by === 'BYLEX')
    throw new CommandError('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  const limits: [string, string] = isReversed && by !== 'index' ? [to, from] : [from, to]
  const fits = by === 'index' ? undefined : by === 'BYSCORE' ? scoreLimits(...limits) : byteLimits(...limits)
  const [first, last] = fits ? [0, 0] : [integer(from), integer(to)]
  const all = isReversed ? sorted(db, key).toReversed() : sorted(db, key)
  const found = fits ? limited(all.filter(fits), offset, count) : all.slice(...span(first, last, all.length))
  return found.flatMap(({ member, score }) => (withScores ? [member, argumentText(score)] : [member]))
}

function limited(found: readonly Scored[], offset: number, count: number): readonly Scored[] {
  if (offset < 0) return []
  return found.slice(offset, count < 0 ? undefined : offset + count)
}

function score(text: string): number {
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw NOT_FLOAT
  return Number(text)
}
