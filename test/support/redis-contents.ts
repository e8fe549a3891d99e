/**
 * What a Redis holds of rooms, read past the log: the keys themselves. `damage` says what in them does not agree, for
 * tests that end with it.
 */
import { bucketOf } from '../../src/log/redis/keys.ts'
import type { RedisServer } from './redis.ts'

export interface RedisEvent {
  readonly seq: number
  /** `redacted`: it is kept no more. */
  readonly type: string
  readonly data: unknown
}

export interface RedisContents {
  readonly seq: number
  readonly first: number
  /** From the oldest that may be read. */
  readonly events: readonly RedisEvent[]
  /** JSON values by key. */
  readonly storage: ReadonlyMap<string, unknown>
  readonly alarms: ReadonlyMap<string, number>
  /** What contradicts something else; each a line. */
  readonly damage: readonly string[]
}

type Say = (name: string, ...args: (string | number)[]) => Promise<unknown>

export async function redisContents(redis: RedisServer, path = '/room'): Promise<RedisContents> {
  return redis.talk(async (say) => {
    const bucket = bucketOf(path)
    const key = (kind: string) => `${bucket}${kind}${path}`
    const meta = pairs(await say('HGETALL', key('m')))
    const [seq, last] = [Number(meta.get('s') ?? 0), await lastId(say, key('e'))]
    const lineage = (await say('LRANGE', key('l'), 0, -1)) as string[]
    const cleared = lineage.filter((epoch) => epoch.endsWith(' 1')).map((epoch) => Number(epoch.split(' ')[1]))
    const first = Math.max(Number(meta.get('f') ?? 1), ...cleared)
    const redacted = pairs(await say('HGETALL', key('r')))
    const storage = pairs(await say('HGETALL', key('s')))
    const alarms = pairs(await say('ZRANGE', key('a'), 0, -1, 'WITHSCORES'))
    const indexed = await say('ZSCORE', `${bucket}alarms`, path)
    const earliest = Math.min(...[...alarms.values()].map(Number))
    const ids = await idsOf(say, key('q'), key)
    const size = [...storage].reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value) - 1, 0)
    const disagreements = [
      ['the newest event', last, seq],
      ['the number of values', storage.size, Number(meta.get('sc') ?? 0)],
      ['the bytes of values', size, Number(meta.get('sb') ?? 0)],
      ['the number of alarms', alarms.size, Number(meta.get('ac') ?? 0)],
      ['the number of ids', ids, Number(meta.get('ic') ?? 0)],
      ['the next alarm', indexed === null ? Number.POSITIVE_INFINITY : Number(indexed), earliest],
      ['the index of rooms', await say('ZSCORE', `${bucket}rooms`, path), meta.size > 0 ? '0' : null],
    ]
    return {
      seq,
      first,
      events: eventsOf((await say('XRANGE', key('e'), `${first}-0`, '+')) as [string, string[]][], redacted, first),
      storage: new Map([...storage].map(([name, value]) => [name, JSON.parse(value.slice(1))])),
      alarms: new Map([...alarms].map(([name, at]) => [name, Number(at)])),
      damage: [
        ...disagreements
          .filter(([, is, was]) => is !== was)
          .map(([what, is, was]) => `${what}: ${is}, known as ${was}`),
        ...(await expiring(say)),
      ],
    }
  })
}

/** No key of a room ends by itself. */
async function expiring(say: Say): Promise<string[]> {
  const keys = (await say('KEYS', 'corridor:*')) as string[]
  const ends = await Promise.all(keys.map(async (key) => [key, await say('PTTL', key)] as const))
  return ends.filter(([, ms]) => ms !== -1).map(([key]) => `expires: ${key}`)
}

async function lastId(say: Say, key: string): Promise<number> {
  const info = await say('XINFO', 'STREAM', key).catch(() => [])
  return Number.parseInt(pairs(info).get('last-generated-id') ?? '0', 10)
}

async function idsOf(say: Say, key: string, hashKey: (name: string) => string): Promise<number> {
  let count = 0
  for (const part of String((await say('GET', key)) ?? '').split(';')) {
    const [number = '', , , hashes] = part.split(' ')
    if (number === '') continue
    for (let each = 0; each < Number(hashes); each += 1)
      count += Number(await say('HLEN', hashKey(`i${number}.${each}`)))
  }
  return count
}

function eventsOf(
  kept: readonly [string, string[]][],
  redacted: ReadonlyMap<string, string>,
  first: number,
): RedisEvent[] {
  const events = kept.map(([id, fields]) => {
    const { t = '', d = 'null' } = Object.fromEntries(pairs(fields))
    return { seq: Number.parseInt(id, 10), type: t, data: JSON.parse(d) }
  })
  const gone = [...redacted.keys()].map(Number).filter((seq) => seq >= first)
  return [...events, ...gone.map((seq) => ({ seq, type: 'redacted', data: { seq } }))].sort((a, b) => a.seq - b.seq)
}

function pairs(flat: unknown): Map<string, string> {
  const list = flat as string[]
  return new Map(Array.from({ length: list.length / 2 }, (_, at) => [String(list[2 * at]), String(list[2 * at + 1])]))
}
