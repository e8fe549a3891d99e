/**
 * The rooms of all buckets in one order: each bucket has its own index, and pages of them are merged. `redis.ts` asks by
 * path and by the time of the next alarm.
 */
import type { Clock } from '../../clock.ts'
import { byPath, byTime, type RoomAlarm } from '../kept-rooms.ts'
import { BUCKETS, bucketKey, bucketNumberOf } from './keys.ts'
import type { RedisCalls, Reply } from './redis-calls.ts'
import { list, pairs, text } from './reply.ts'

/** Asked of each bucket: at first, and of those that may have more. */
const PAGE = { first: 4, more: 50 }
/** Buckets that are asked at a time, so that messages come in between. */
const AT_ONCE = 128
/** So long it is taken for known that there are no further alarms in a bucket: another server may have set some. */
const NONE_MS = 2500

interface Source<T> {
  readonly bucket: number
  /** Where its next page begins. */
  after: T | undefined
  isOver: boolean
}

/** A page of one bucket: the first `size` items after `after`. */
type Page<T> = (bucket: number, after: T | undefined, size: number) => Promise<T[]>

/** The first `limit` rooms after the path `after`. */
export function roomsByPath(calls: RedisCalls, limit: number, after?: string): Promise<{ path: string }[]> {
  const page: Page<{ path: string }> = async (bucket, from, size) => {
    const least = from ? `(${from.path}` : '-'
    const reply = await calls.command('ZRANGE', `${bucketKey(bucket)}rooms`, least, '+', 'BYLEX', 'LIMIT', 0, size)
    return list(reply).map((path) => ({ path: text(path) }))
  }
  return merged(page, byPath, limit, after === undefined ? undefined : { path: after })
}

/**
 * The rooms with alarms. It is asked for the next ones again and again, each time from where it was asked before, and most
 * buckets have none: those are not asked each time.
 */
export class AlarmIndex {
  readonly #calls: RedisCalls
  readonly #clock: Clock
  /** Buckets without an alarm after this one, as of a time, monotonic ms. */
  readonly #none = new Map<number, { readonly after: RoomAlarm | undefined; readonly atMs: number }>()
  /** How often this server has changed alarms. */
  #changes = 0

  constructor(calls: RedisCalls, clock: Clock) {
    this.#calls = calls
    this.#clock = clock
  }

  /** Alarms of the room at this path were set or deleted. */
  changed(path: string): void {
    this.#changes += 1
    this.#none.delete(bucketNumberOf(path))
  }

  /** The first `limit` alarms after `after`, the earliest of each room. */
  first(limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
    return merged((...page) => this.#page(...page), byTime, limit, after)
  }

  async #page(bucket: number, from: RoomAlarm | undefined, size: number): Promise<RoomAlarm[]> {
    const atMs = this.#clock.monotonic()
    const none = this.#none.get(bucket)
    const isAfter = !none?.after || (from !== undefined && byTime(from, none.after) >= 0)
    if (none && isAfter && atMs - none.atMs < NONE_MS) return []
    const changes = this.#changes
    const found = await this.#read(bucket, from, size)
    if (found.length > 0) this.#none.delete(bucket)
    else if (changes === this.#changes) this.#none.set(bucket, { after: from, atMs })
    return found
  }

  async #read(bucket: number, from: RoomAlarm | undefined, size: number): Promise<RoomAlarm[]> {
    const key = `${bucketKey(bucket)}alarms`
    const least = from ? String(from.at) : '-inf'
    // Those at the same time are in the order of their paths, some of them before `from`.
    for (let offset = 0; ; offset += size) {
      const range = [least, '+inf', 'BYSCORE', 'LIMIT', offset, size, 'WITHSCORES']
      const alarms = alarmsOf(await this.#calls.command('ZRANGE', key, ...range))
      const later = from ? alarms.filter((alarm) => byTime(alarm, from) > 0) : alarms
      if (later.length > 0 || alarms.length < size) return later
    }
  }
}

function alarmsOf(reply: Reply): RoomAlarm[] {
  return pairs(reply).map(([path, at]) => ({ path: path.toString(), at: Number(at) }))
}

async function merged<T>(
  page: Page<T>,
  compare: (a: T, b: T) => number,
  limit: number,
  after: T | undefined,
): Promise<T[]> {
  const sources: Source<T>[] = Array.from({ length: BUCKETS }, (_, bucket) => ({ bucket, after, isOver: false }))
  const all: T[] = []
  let size = PAGE.first
  for (let asked = sources; asked.length > 0; asked = lagging(sources, all, compare, limit)) {
    const ask = async (source: Source<T>) => {
      const found = await page(source.bucket, source.after, size)
      all.push(...found)
      source.after = found.at(-1)
      source.isOver = found.length === 0
    }
    for (let at = 0; at < asked.length; at += AT_ONCE) await Promise.all(asked.slice(at, at + AT_ONCE).map(ask))
    all.sort(compare)
    size = PAGE.more
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
