/**
 * Acks a second and how long one takes: on Redis with `appendfsync always`, on SQLite beside it, and of the script of the
 * commit alone (catalogue: RR15). In one process and by turns, since machines differ.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { IdDigests } from '../../src/log/id-digest.ts'
import type { Log, RoomLog } from '../../src/log/log.ts'
import { commitCall, saying } from '../../src/log/redis/commit-call.ts'
import { bucketOf } from '../../src/log/redis/keys.ts'
import type { Position } from '../../src/log/redis/position.ts'
import { list, text } from '../../src/log/redis/reply.ts'
import { commit } from '../../src/log/redis/scripts/commit.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { TestRedis } from '../support/redis-log.ts'

const ROUNDS = 5
const EACH = 40_000
const BATCH = 100
const CLIENTS = 200
const retention = { keep: 10_000, maxAgeMs: 7 * 86_400_000, durable: true }
/** 130 bytes. */
const DATA = JSON.stringify({ from: { id: randomUUID(), name: 'ann' }, text: 'x'.repeat(53) })
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const command = need('redis')

const entryOf = (round: string, n: number, kept: () => void, failed: (error: Error) => void) => {
  const key = { client: `${round}-${n % CLIENTS}`, id: `${n}`, hash: 'abcdefghijklmnopqrstuv', draft: 0 }
  return { drafts: [{ type: 'message', data: DATA }], keys: [key], changes: undefined, size: 0, kept, failed }
}

/** Messages as a room handles them, so many at a time: each is looked up, then kept. */
async function acks(room: RoomLog, atOnce: number, count: number): Promise<{ perSecond: number; slowMs: number }> {
  const round = randomUUID()
  const took: number[] = []
  let said = 0
  const startedMs = performance.now()
  const sayOn = async (): Promise<void> => {
    while (said < count) {
      const n = said
      said += 1
      const sinceMs = performance.now()
      expect(await room.recall(`${round}-${n % CLIENTS}`, `${n}`)).toBeUndefined()
      await new Promise<void>((kept, failed) => room.append(entryOf(round, n, kept, failed)))
      took.push(performance.now() - sinceMs)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, sayOn))
  const perSecond = (count * 1000) / (performance.now() - startedMs)
  took.sort((a, b) => a - b)
  return { perSecond, slowMs: took[Math.floor(count * 0.99)] ?? Number.NaN }
}

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

describe.skipIf(!command)('Redis', { timeout: 300_000 }, () => {
  let redis: TestRedis
  let folder: string
  const logs: Log[] = []

  beforeEach(async () => {
    redis = await TestRedis.start(command ?? '')
    folder = mkdtempSync(join(tmpdir(), 'corridor-acks-'))
  })
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close()
    await redis.remove()
    rmSync(folder, { recursive: true })
  })

  /** Events a second of the script alone, in commits of a hundred. */
  const bare = async (runId: string) => {
    const path = `/${randomUUID()}`
    const digests = new IdDigests(() => new Uint8Array(32))
    const epoch = randomUUID().replaceAll('-', '')
    let at: Position = { epoch: '', number: 0 }
    const startedMs = performance.now()
    for (let seq = 0; seq < EACH; seq += BATCH) {
      const begins = () => (at.number === 0 ? [{ epoch, first: 1 }] : [])
      const pending = Array.from({ length: BATCH }, (_, each) => ({
        entry: entryOf(
          path,
          seq + each,
          () => {},
          () => {},
        ),
      }))
      const call = commitCall({ path, retention, seq, digests, at, begins }, pending)
      const [answer] = list(await redis.connection.run(commit, bucketOf(path), saying(path, runId, call, '')))
      expect(text(answer)).toBe('ok')
      at = { epoch, number: at.number + 1 }
    }
    return (EACH * 1000) / (performance.now() - startedMs)
  }

  it('keeps messages nearly as fast as its script, and as SQLite', async () => {
    const runId = /run_id:(\w+)/.exec(String(await redis.server.say('INFO', 'server')))?.[1] ?? ''
    const onRedis = await redis.log()
    const onDisk = await SqliteLog.open(folder, systemClock(), systemRandom(), quiet)
    logs.push(onRedis, onDisk)
    const rooms = { redis: await onRedis.open('/room', retention), sqlite: await onDisk.open('/room', retention) }
    const rates: Record<'redis' | 'sqlite' | 'bare', number[]> = { redis: [], sqlite: [], bare: [] }
    const slow: Record<'redis' | 'sqlite', number[]> = { redis: [], sqlite: [] }
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.bare.push(await bare(runId))
      for (const name of ['redis', 'sqlite'] as const) {
        rates[name].push((await acks(rooms[name], 1000, EACH)).perSecond)
        slow[name].push((await acks(rooms[name], 100, EACH / 4)).slowMs)
      }
    }
    for (const [name, values] of Object.entries(rates))
      tell('RR15', `messages a second, ${name}`, Math.round(middle(values)))
    tell('RR15', 'ms of the slowest 1 % with 100 on their way, SQLite', middle(slow.sqlite))
    bound('RR15', 'ms of the slowest 1 % with 100 on their way, Redis', middle(slow.redis), 30)
    const ratio = (name: 'sqlite' | 'bare') =>
      middle(rates.redis.map((rate, round) => (rates[name][round] ?? 0) / rate))
    bound('RR15', 'times as fast is the script alone, in commits of 100', ratio('bare'), 2)
    bound('RR15', 'times as fast is SQLite', ratio('sqlite'), 1 / 0.7)
  })
})
