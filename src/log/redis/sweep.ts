/**
 * Looks through the rooms that are kept, bucket by bucket: removes what is too old of those that are not open here, those
 * that nobody has used for as long as their settings say, and those of which nothing is left. Several servers may do so at
 * once: each script checks what it was told. `redis.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { errorOf } from '../../thrown.ts'
import { BUCKETS, bucketKey } from './keys.ts'
import type { RedisCalls, Reply } from './redis-calls.ts'
import { count, list, text } from './reply.ts'
import { drop } from './scripts/drop.ts'
import { sweep as sweepScript } from './scripts/sweep.ts'
import { trim } from './trim.ts'

/** Between the ends of two rounds. */
const ROUND_MS = 600_000
/** Buckets, a divisor of their number. Most are empty. */
const AT_ONCE = 32

export interface SweepParts {
  readonly clock: Clock
  readonly calls: RedisCalls
  readonly logger: RoomLogger
  readonly isOpen: (path: string) => boolean
  /** Erases a room if it is not open. */
  readonly erase: (path: string) => Promise<unknown>
}

/** A room of the script `sweep`. */
interface SweptRoom {
  readonly path: string
  readonly epoch: string
  readonly number: number
  readonly maxAgeMs: number
  readonly forgetAt: number
  /** Events, values, alarms and ids. */
  readonly size: number
}

export class RedisSweep {
  readonly #parts: SweepParts
  #isRunning = false
  #hasEnded = false
  readonly #cancel: () => void

  constructor(parts: SweepParts) {
    this.#parts = parts
    this.#cancel = parts.clock.every(ROUND_MS, () => void this.#round())
  }

  end(): void {
    this.#hasEnded = true
    this.#cancel()
  }

  async #round(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let bucket = 0; bucket < BUCKETS && !this.#hasEnded; bucket += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, (_, next) => this.#bucket(bucketKey(bucket + next))))
    } catch (error) {
      this.#parts.logger.warn({ err: errorOf(error) }, 'old rooms could not be looked for, the next round tries again')
    } finally {
      this.#isRunning = false
    }
  }

  async #bucket(key: string): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const [now, rooms] = list(await this.#parts.calls.run(sweepScript, key, [after]))
      const swept = list(rooms).map(sweptRoom)
      for (const room of swept) if (!this.#parts.isOpen(room.path)) await this.#room(room, key, count(now))
      after = swept.at(-1)?.path
    }
  }

  async #room({ path, epoch, number, maxAgeMs, forgetAt, size }: SweptRoom, key: string, now: number): Promise<void> {
    const { calls, erase } = this.#parts
    if (forgetAt <= now) await erase(path)
    else if (size > 0) await trim({ path, key, calls, maxAgeMs, epoch: () => epoch, keepFrom: () => 1 })
    else await calls.run(drop, key, [path, epoch, number])
  }
}

function sweptRoom(reply: Reply): SweptRoom {
  const [path = '', epoch = '', ...numbers] = list(reply).map((field) => text(field))
  const [number = 0, maxAge = 0, forgetAfter = 0, used = 0, seq = 0, first = 1, ...sizes] = numbers.map(Number)
  return {
    path,
    epoch,
    number,
    maxAgeMs: maxAge,
    forgetAt: forgetAfter > 0 && (seq >= first || sizes.some((size) => size > 0)) ? used + forgetAfter : Infinity,
    size: Math.max(0, seq - first + 1) + sizes.reduce((sum, size) => sum + size, 0),
  }
}
