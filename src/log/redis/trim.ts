/** Removes what a room keeps too long, in steps, so that commits come in between. `room.ts` and `sweep.ts` own it. */
import { REMEMBER_MS } from '../log.ts'
import type { RedisCalls } from './redis-calls.ts'
import { count, list, text } from './reply.ts'
import { trim as trimScript } from './scripts/trim.ts'

export interface TrimmedRoom {
  readonly path: string
  readonly key: string
  readonly calls: RedisCalls
  readonly maxAgeMs: number
  /** Who trims it uses it, and it may be forgotten so long after that. */
  readonly forgetAfterMs?: number | undefined
  /** The epoch of its last commit. */
  epoch(): string
  /** The oldest event that it keeps by their count. */
  keepFrom(): number
}

export interface Trimmed {
  /** The oldest event left; `seq + 1` if there is none. */
  readonly first: number
  /** How many ids are left. */
  readonly ids: number
  /** When something is to be removed next, ms since 1970; infinite: never, unless it is used. */
  readonly dueAt: number
}

/** `undefined`: the room is in another epoch. */
export async function trim(room: TrimmedRoom): Promise<Trimmed | undefined> {
  for (;;) {
    const args = [room.path, room.epoch(), room.maxAgeMs, room.keepFrom(), room.forgetAfterMs ?? '']
    const [kind, first, oldest, partEnd, isDone, ids] = list(await room.calls.run(trimScript, room.key, args))
    if (text(kind) !== 'ok') return undefined
    if (count(isDone) === 0) continue
    const oldestMs = oldest === undefined || String(oldest) === '' ? undefined : count(oldest)
    const endMs = partEnd === undefined || String(partEnd) === '' ? undefined : count(partEnd)
    // Ids are kept as long as the events of their messages.
    const forgetAt =
      endMs === undefined
        ? Infinity
        : Math.max(endMs + REMEMBER_MS, oldestMs !== undefined && endMs >= oldestMs ? oldestMs + room.maxAgeMs : 0)
    return {
      first: count(first),
      ids: count(ids),
      dueAt: Math.min(forgetAt, oldestMs === undefined ? Infinity : oldestMs + room.maxAgeMs),
    }
  }
}
