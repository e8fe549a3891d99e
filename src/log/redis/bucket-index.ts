/**
 * The rooms of all buckets in one order: each bucket has its own index, and pages of them are merged. `redis.ts` asks by
 * path and by the time of the next alarm.
 */
import { byPath, byTime, type RoomAlarm } from '../kept-rooms.ts'
import { BUCKETS, bucketKey } from './keys.ts'
import type { RedisCalls, Reply } from './redis-calls.ts'
import { list, pairs, text } from './reply.ts'

/** Asked of each bucket at a time. */
const PAGE = 20

interface Source<T> {
  readonly bucket: number
  /** Where its next page begins. */
  after: T | undefined
  isOver: boolean
}

/** The first `limit` rooms after the path `after`. */
export function roomsByPath(calls: RedisCalls, limit: number, after?: string): Promise<{ path: string }[]> {
  const page = async (bucket: number, from: { path: string } | undefined) => {
    const least = from ? `(${from.path}` : '-'
    const reply = await calls.command('ZRANGE', `${bucketKey(bucket)}rooms`, least, '+', 'BYLEX', 'LIMIT', 0, PAGE)
    return list(reply).map((path) => ({ path: text(path) }))
  }
  return merged(page, byPath, limit, after === undefined ? undefined : { path: after })
}

/** The first `limit` alarms after `after`, the earliest of each room. */
export function alarmsByTime(calls: RedisCalls, limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
  const page = async (bucket: number, from: RoomAlarm | undefined) => {
    const key = `${bucketKey(bucket)}alarms`
    // Those at the same time are in the order of their paths, some of them before `from`.
    for (let offset = 0; ; offset += PAGE) {
      const least = from ? String(from.at) : '-inf'
      const reply = await calls.command('ZRANGE', key, least, '+inf', 'BYSCORE', 'LIMIT', offset, PAGE, 'WITHSCORES')
      const alarms = alarmsOf(reply)
      const later = from ? alarms.filter((alarm) => byTime(alarm, from) > 0) : alarms
      if (later.length > 0 || alarms.length < PAGE) return later
    }
  }
  return merged(page, byTime, limit, after)
}

function alarmsOf(reply: Reply): RoomAlarm[] {
  return pairs(reply).map(([path, at]) => ({ path: path.toString(), at: Number(at) }))
}

async function merged<T>(
  page: (bucket: number, after: T | undefined) => Promise<T[]>,
  compare: (a: T, b: T) => number,
  limit: number,
  after: T | undefined,
): Promise<T[]> {
  const sources: Source<T>[] = Array.from({ length: BUCKETS }, (_, bucket) => ({ bucket, after, isOver: false }))
  const all: T[] = []
  for (let asked = sources; asked.length > 0; asked = lagging(sources, all, compare, limit)) {
    await Promise.all(
      asked.map(async (source) => {
        const found = await page(source.bucket, source.after)
        all.push(...found)
        source.after = found.at(-1)
        source.isOver = found.length === 0
      }),
    )
    all.sort(compare)
  }
  return all.slice(0, limit)
}

/** The buckets that may have more items among the first `limit`. */
function lagging<T>(
  sources: readonly Source<T>[],
  all: readonly T[],
  compare: (a: T, b: T) => number,
  limit: number,
): Source<T>[] {
  const last = all[limit - 1]
  return sources.filter(({ isOver, after }) => {
    if (isOver || after === undefined) return false
    return last === undefined || compare(after, last) < 0
  })
}
