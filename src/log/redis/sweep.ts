/**
 * Looks through the rooms that are kept, bucket by bucket: removes what is too old of those that are not open here, those
 * that nobody has used for as long as their settings say, and those of which nothing is left. Several servers may do so at
 * once: each script checks what it was told. `redis.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { tellFailure } from './failures.ts'
import { BUCKETS, bucketKey } from './keys.ts'
import { mendRoom } from './opening.ts'
import type { Position } from './position.ts'
import { type RedisCalls, RedisRefusal, type Reply } from './redis-calls.ts'
import { list, text } from './reply.ts'
import { drop } from './scripts/drop.ts'
import { sweep as sweepScript } from './scripts/sweep.ts'
import { trim } from './trim.ts'

/** Between the ends of two rounds. */
const ROUND_MS = 600_000
/** Buckets, so that commits come in between. Most have nothing to do. */
const AT_ONCE = 4

export interface SweepParts {
  readonly clock: Clock
  readonly calls: RedisCalls
  readonly logger: RoomLogger
  readonly isOpen: (path: string) => boolean
  /** A node owns this room, which is not open here. */
  readonly owned?: (room: SweptOwner) => Promise<unknown>
  /** This node had the room in its memory when it closed: resolves with whether it is kept for that. */
  readonly held?: (room: HeldRoom) => Promise<boolean>
  /** Erases a room that is not open, if its last commit is this one. */
  readonly erase: (path: string, ifAt: Position) => Promise<unknown>
}

/** A room of the script `sweep`, and what is to be done in it. */
interface SweptRoom {
  readonly what: string
  readonly path: string
  readonly at: Position
  readonly maxAgeMs: number
  readonly owner: string
  readonly term: number
}

/** A room that a node owns: `owner`, with which term. */
export type SweptOwner = Pick<SweptRoom, 'path' | 'owner' | 'term'>
/** A room of which nothing is left in Redis; `owner`: the node that has something of it, as of the commit `at`. */
export type HeldRoom = Pick<SweptRoom, 'path' | 'owner' | 'at'>

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
      for (let bucket = 0; bucket < BUCKETS && !this.#hasEnded; bucket += AT_ONCE) {
        const keys = Array.from({ length: AT_ONCE }, (_, next) => bucketKey(bucket + next))
        await Promise.all(keys.map((key) => this.#unlessRefused({ bucket: key }, () => this.#bucket(key))))
      }
    } catch (error) {
      this.#warn(error, {})
    } finally {
      this.#isRunning = false
    }
  }

  async #bucket(key: string): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const [last, rooms] = list(await this.#parts.calls.run(sweepScript, key, [after]))
      for (const room of list(rooms).map(sweptRoom)) {
        if (this.#hasEnded) return
        if (!this.#parts.isOpen(room.path)) await this.#unlessRefused({ room: room.path }, () => this.#room(room, key))
      }
      after = text(last) || undefined
    }
  }

  async #room(room: SweptRoom, key: string): Promise<void> {
    const { what, path, at, maxAgeMs } = room
    const { calls, erase, held, owned } = this.#parts
    if (what === 'mend')
      await mendRoom({ path, calls, logger: this.#parts.logger }, at, 'what is known of it, or its alarms')
    else if (what === 'owned') await owned?.(room)
    else if (what === 'forget') await erase(path, at)
    else if (what === 'trim') await trim({ path, key, calls, maxAgeMs, epoch: () => at.epoch, keepFrom: () => 1 })
    else if (what !== 'held' || !(await held?.(room))) await calls.run(drop, key, [path, at.epoch, at.number])
  }

  /** What Redis refuses is left for the next round; if it does not answer, so is all the rest. */
  async #unlessRefused(where: object, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error
      this.#warn(error, where)
    }
  }

  #warn(error: unknown, where: object): void {
    const message = 'old rooms could not be looked for, the next round tries again'
    tellFailure(this.#parts.logger, 'warn', error, message, where)
  }
}

function sweptRoom(reply: Reply): SweptRoom {
  const [what = '', path = '', epoch = '', number, maxAge, owner = '', term] = list(reply).map((field) => text(field))
  return { what, path, at: { epoch, number: Number(number) }, maxAgeMs: Number(maxAge), owner, term: Number(term) }
}
