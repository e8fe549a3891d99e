/**
 * A process with a log that is killed (`mover.ts`), and what it has left: whenever it dies, what one entry did is there
 * whole or not at all. `state.test.ts` has the log in a file, `redis-state.test.ts` in Redis.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Frame } from '../../src/delivery/frame.ts'
import type { Log, RoomLog } from '../../src/log/log.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { patiently } from '../support/patience.ts'
import { SILENT } from '../support/places.ts'
import { Process } from '../support/process.ts'
import type { RedisServer } from '../support/redis.ts'
import { redisContents } from '../support/redis-contents.ts'
import { CLEARED_EACH, REDACTED_EACH, TOTAL } from './moves.ts'
import { openLog } from './opened-log.ts'

const MOVER = fileURLToPath(new URL('./mover.ts', import.meta.url))

export class StateStage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'corridor-state-'))
  readonly #redis: RedisServer | undefined
  #mover: Process | undefined

  /** `redis`: where the log is, if not in a file. */
  constructor(redis?: RedisServer) {
    this.#redis = redis
  }

  get mover(): Process {
    if (!this.#mover) throw new Error('start() comes first')
    return this.#mover
  }

  start(point: string, after: number, wrapper: readonly string[] = []): void {
    const redisUrl = this.#redis?.url
    const env = { FOLDER: this.#folder, POINT: point, AFTER: String(after), ...(redisUrl && { REDIS_URL: redisUrl }) }
    const [command = '', ...args] = [...wrapper, process.execPath, '--disable-warning=ExperimentalWarning', MOVER]
    this.#mover = new Process(command, args, this.#folder, env)
  }

  /** Waits for its death. The newest move that was acknowledged. */
  async acked(): Promise<number> {
    const { signal } = await patiently(this.mover.exited, 'the death of the mover')
    expect([signal, this.mover.stderr]).toEqual(['SIGKILL', ''])
    return Math.max(0, ...[...this.mover.stdout.matchAll(/^acked (\d+)$/gm)].map(([, n]) => Number(n)))
  }

  async opened<T>(work: (room: RoomLog, log: Log) => Promise<T>): Promise<T> {
    const { log, close } = await openLog({ folder: this.#folder, redisUrl: this.#redis?.url }, handClock(), SILENT)
    try {
      return await work(await log.open('/room', { keep: 100_000, maxAgeMs: 1e15, durable: true }), log)
    } finally {
      await close()
    }
  }

  /** Whether all of each move is there, and of the next one nothing. */
  async mustBeWhole(least: number): Promise<void> {
    if (this.#redis) expect((await redisContents(this.#redis)).damage).toEqual([])
    await this.opened(async (room, log) => {
      const { seq, first } = room
      expect(seq).toBeGreaterThanOrEqual(least)
      if (seq === 0) return
      const { storage, alarms } = room.takeState()
      const moves = Array.from({ length: Math.min(20, seq) }, (_, back) => [`move/${seq - back}`, '1'] as const)
      const amounts = [['from', String(TOTAL - seq)] as const, ['to', String(seq)] as const]
      expect(storage).toEqual(new Map([...moves, ...amounts]))
      expect([...alarms]).toEqual([['next', seq]])
      expect(await log.alarms(10)).toEqual([{ path: '/room', at: seq }])
      const cleared = Math.floor(seq / CLEARED_EACH) * CLEARED_EACH
      expect(first).toBe(Math.max(1, cleared))
      for (const { seq: n, type, data } of await eventsOf(room)) {
        const isRedacted = (n + 3) % REDACTED_EACH === 0 && n + 3 <= seq
        expect([n, type]).toEqual([n, isRedacted ? 'redacted' : 'moved'])
        expect(JSON.parse(String(data))).toMatchObject(isRedacted ? { seq: n } : { n })
      }
      expect(await room.recall('mover', String(seq))).toMatchObject({ hash: 'h', seq })
      expect(await room.recall('mover', String(seq + 1))).toBeUndefined()
    })
  }

  /** What was erased is gone, or nothing of it. Nothing is left for the next try. */
  async mustBeErasedOrWhole(): Promise<void> {
    await this.opened(async (room, log) => {
      const { storage, alarms } = room.takeState()
      const isThere = storage.size > 0
      expect([(await eventsOf(room)).length > 0, alarms.size > 0]).toEqual([isThere, isThere])
      expect((await room.recall('mover', String(room.seq))) !== undefined).toBe(isThere)
      await log.erase('/room')
    })
    await this.opened(async (room, log) => {
      expect([room.first, (await eventsOf(room)).length]).toEqual([room.seq + 1, 0])
      expect(await log.rooms(10)).toEqual([])
    })
    if (this.#redis) await this.#redis.empty()
    else rmSync(join(this.#folder, 'corridor.db'))
  }

  async remove(): Promise<void> {
    await this.#mover?.stop()
    await this.#redis?.remove()
    rmSync(this.#folder, { recursive: true })
  }
}

async function eventsOf(room: RoomLog): Promise<Frame[]> {
  const all: Frame[] = []
  for (let page = await room.read(0, 500); page.length > 0; page = await room.read(all.at(-1)?.seq ?? 0, 500))
    all.push(...page)
  return all
}
