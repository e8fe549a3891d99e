/** What Redis answers to a beat. `beats.ts` reads it. */

import type { Reply } from '../log/redis/redis-calls.ts'
import { list, pairs, text } from '../log/redis/reply.ts'
import type { NodeId } from './link-message.ts'
import { type NodeField, readField } from './node-field.ts'

export interface BeatReply {
  /** Redis' time, ms since 1970. */
  readonly redisMs: number
  readonly runId: string
  /** What this node's counter was; '': none. */
  readonly was: string
  readonly nodes: ReadonlyMap<NodeId, NodeField>
  readonly notes: readonly Note[]
}

/** A word for this node: make sure that the room of this path is still owned here. */
export interface Note {
  readonly path: string
  /** When it was left, as Redis wrote it. */
  readonly time: string
}

export function readBeat(reply: Reply): BeatReply {
  const [redisMs, runId, was, nodes, notes] = list(reply)
  const fields = pairs(nodes).map(([id, field]) => [id.toString(), readField(id.toString(), field.toString())] as const)
  return {
    redisMs: Number(text(redisMs)),
    runId: text(runId),
    was: text(was),
    nodes: new Map(fields),
    notes: pairs(notes).map(([path, time]) => ({ path: path.toString(), time: time.toString() })),
  }
}
