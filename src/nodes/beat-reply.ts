/** What Redis answers to a beat. `beats.ts` reads it. */

import type { Reply } from '../log/redis/redis-calls.ts'
import { list, pairs, text } from '../log/redis/reply.ts'
import type { NodeId } from './link-message.ts'
import { type NodeField, readField } from './node-field.ts'

export interface BeatReply {
  /** Redis' time, ms since 1970. */
  readonly redisMs: number
  /** The time of all nodes, as one of them said it last before. */
  readonly said: SaidTime | undefined
  readonly runId: string
  /** What this node's counter was; '': none. */
  readonly was: string
  readonly nodes: ReadonlyMap<NodeId, NodeField>
  readonly notes: readonly Note[]
}

/** A node has said what time it is. */
export interface SaidTime {
  readonly timeMs: number
  /** When that was, by Redis' clock. */
  readonly redisMs: number
}

/** A word for this node: make sure that the room of this path is still owned here. */
export interface Note {
  readonly path: string
  /** When it was left, as Redis wrote it. */
  readonly time: string
}

export function readBeat(reply: Reply): BeatReply {
  const [redisMs, said, runId, was, nodes, notes] = list(reply)
  const fields = pairs(nodes).map(([id, field]) => [id.toString(), readField(id.toString(), field.toString())] as const)
  return {
    redisMs: Number(text(redisMs)),
    said: readTime(text(said)),
    runId: text(runId),
    was: text(was),
    nodes: new Map(fields),
    notes: pairs(notes).map(([path, time]) => ({ path: path.toString(), time: time.toString() })),
  }
}

function readTime(said: string): SaidTime | undefined {
  const [timeMs, redisMs] = said.split(' ').map(Number)
  return timeMs && redisMs ? { timeMs, redisMs } : undefined
}
