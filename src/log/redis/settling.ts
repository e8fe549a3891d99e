/**
 * Finds out what became of a commit that had no clear answer, and says again what Redis has lost, under the same numbers.
 * It asks until it is answered: nothing of the room goes on before. `room-commits.ts` waits for it.
 */
import { errorOf } from '../../thrown.ts'
import { claimAgain } from './claims.ts'
import { type Said, saying } from './commit-call.ts'
import type { KeptCall, RoomCalls } from './kept-calls.ts'
import type { Position } from './position.ts'
import type { Reply } from './redis-calls.ts'
import { isOfOneRoom } from './refusals.ts'
import { count, list, text } from './reply.ts'
import type { RedisRoomParts } from './room-parts.ts'
import { commit } from './scripts/commit.ts'
import { settle } from './scripts/settle.ts'

/** `done`: it is kept. `void`: it never will be. `again`: Redis stands where it continues. `lost`: nothing goes on. */
export type Settled =
  | { readonly kind: 'done'; readonly timeMs: number; readonly ids: number; readonly runId: string }
  | { readonly kind: 'void' | 'again'; readonly runId: string }
  | { readonly kind: 'lost'; readonly reason: string }

export const OTHER_LOG = 'Redis was given what another log has kept'
/** Between two tries, at first and at most. */
const RETRY_MS = { first: 25, most: 250 }

export interface SettlingRoom {
  readonly path: string
  readonly key: string
  readonly parts: RedisRoomParts
  readonly kept: RoomCalls
  /** It has been given up: nobody waits any more. */
  readonly isOver: boolean
}

/** Whether the call is kept. Resolves only when that is known, or the room is given up. */
export async function settled(room: SettlingRoom, call: Said): Promise<Settled> {
  for (let pauseMs = RETRY_MS.first; !room.isOver; pauseMs = Math.min(RETRY_MS.most, 2 * pauseMs)) {
    try {
      return await trySettle(room, call)
    } catch (thrown) {
      const error = errorOf(thrown)
      room.parts.failed(error)
      if (isOfOneRoom(error)) return { kind: 'lost', reason: error.message }
      await new Promise<void>((resolve) => void room.parts.clock.after(pauseMs, resolve))
    }
  }
  return { kind: 'lost', reason: 'the room has closed' }
}

async function trySettle(room: SettlingRoom, call: Said): Promise<Settled> {
  const { path, key, parts } = room
  const reply = list(await parts.calls.run(settle, key, [path, call.from.epoch, call.from.number, call.to]))
  const runId = text(reply.at(-1))
  switch (text(reply[0])) {
    case 'done':
      return { kind: 'done', timeMs: count(reply[1]), ids: count(reply[2]), runId }
    case 'void':
      return { kind: 'void', runId }
    default: {
      const at = { epoch: text(reply[1]), number: count(reply[2]) }
      const lost = room.kept.since(at, text(reply[3]) === 'v')
      const isSameLog = await parts.keepSecret()
      if (!lost) return { kind: 'lost', reason: reasonOf(at, call.from) }
      if (!isSameLog) return { kind: 'lost', reason: OTHER_LOG }
      parts.logger.warn({ room: path, calls: lost.length }, 'Redis has lost commits, they are made again')
      return (await sayAgain(room, lost, runId))
        ? { kind: 'again', runId }
        : { kind: 'lost', reason: 'commits could not be made again' }
    }
  }
}

/** Whether each of them is kept, as it was. Rejects if an answer is missing. */
async function sayAgain(
  { path, key, parts }: SettlingRoom,
  calls: readonly KeptCall[],
  runId: string,
): Promise<boolean> {
  for (const call of calls) {
    if (call.timeMs === 'claim') {
      if (!(await claimAgain(parts.calls, path, call))) return false
      continue
    }
    const isVoid = call.timeMs === 'void'
    const reply: Reply = isVoid
      ? await parts.calls.run(settle, key, [path, call.from.epoch, call.from.number, call.to])
      : await parts.calls.run(commit, key, saying(path, runId, call, Number(call.timeMs)))
    const [answer, timeMs] = list(reply)
    if (text(answer) === 'run') throw new Error('Redis has been started again')
    const isSame = isVoid ? text(answer) === 'void' : text(answer) === 'ok' && count(timeMs) === call.timeMs
    if (!isSame) return false
  }
  return true
}

function reasonOf(at: Position, from: Position): string {
  return at.epoch === from.epoch && at.number < from.number
    ? `Redis has lost commits: it is at ${at.number}, ${from.number} was answered`
    : `another server has written to the room, or Redis has lost it: it is at commit ${at.number} of epoch ${at.epoch || '(none)'}`
}
