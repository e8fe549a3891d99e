/** This node as it stands in Redis: what it says of itself, and its beats. `beats.ts` owns it. */
import type { Argument } from '../log/redis/redis-calls.ts'
import type { BeatReply } from './beat-reply.ts'
import type { NodeId } from './link-message.ts'
import { saidText } from './node-field.ts'
import type { ExpectedTime } from './redis-clock.ts'
import type { NodeEntry } from './roster.ts'

/** What time it is, as a node says it. */
export interface SaidTimes {
  /** Of all nodes; 0: it does not know. */
  readonly timeMs: number
  readonly redis: ExpectedTime
}

export class OwnNode {
  entry: NodeEntry
  /** How many beats were sent. */
  beats = 0
  /** The last of them that was answered. */
  #answered = 0
  #runId = ''

  constructor(id: NodeId, said: Pick<NodeEntry, 'protocol' | 'configHash' | 'modulesHash' | 'version'>) {
    const nothing = { isDraining: false, hears: false, cannotReach: [], knowsTime: false }
    this.entry = { ...said, ...nothing, id, address: '', startedMs: 0 }
  }

  /** Whether Redis may have it. */
  get isKept(): boolean {
    return this.beats > 0
  }

  say(said: Partial<NodeEntry>): void {
    this.entry = { ...this.entry, ...said }
  }

  /** The arguments of the next beat, and its number. */
  next(
    { timeMs, redis }: SaidTimes,
    confirmation: readonly string[],
  ): { readonly number: number; readonly args: readonly Argument[] } {
    this.beats += 1
    const { id, startedMs } = this.entry
    const started = startedMs === 0 ? '' : startedMs
    return {
      number: this.beats,
      args: [id, this.beats, started, saidText(this.entry), timeMs, redis.ms, redis.withinMs, ...confirmation],
    }
  }

  /** A beat was answered. Returns whether Redis has what it had at the last answer before: notes for this node too. */
  answered(number: number, { was, runId, nodes }: BeatReply): boolean {
    const isFirst = this.#answered === 0
    const isSame = runId === this.#runId && was !== '' && Number(was) >= this.#answered
    this.#answered = number
    this.#runId = runId
    this.say({ startedMs: nodes.get(this.entry.id)?.entry.startedMs ?? this.entry.startedMs })
    return isFirst || isSame
  }
}
