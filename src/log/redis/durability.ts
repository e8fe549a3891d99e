/**
 * How well a commit is kept: never better than its Redis was at the last beat, and `replicated` only if a replica has
 * confirmed this very commit. `room-commits.ts` says its commits through it.
 */
import type { Kept } from '../log.ts'
import type { RedisHealth } from './health.ts'
import type { Argument, RedisCalls, Reply } from './redis-calls.ts'
import { commit } from './scripts/commit.ts'

export class Durability {
  readonly #calls: RedisCalls
  readonly #health: RedisHealth

  constructor(calls: RedisCalls, health: RedisHealth) {
    this.#calls = calls
    this.#health = health
  }

  /** Of what this run of Redis has answered, if no replica was waited for. */
  level(runId: string): Kept {
    const { kept, runIds } = this.#health
    return kept !== 'replicated' && runIds.includes(runId) ? kept : 'memory'
  }

  /** Says a commit to this run of Redis. `kept`: how well it is kept, if the answer is `ok`. */
  async commit(runId: string, key: string, args: readonly Argument[]): Promise<{ reply: Reply; kept: Kept }> {
    if (this.#health.kept !== 'replicated' || !this.#calls.runReplicated)
      return { reply: await this.#calls.run(commit, key, args), kept: this.level(runId) }
    const { reply, isReplicated } = await this.#calls.runReplicated(commit, key, args)
    return { reply, kept: isReplicated ? 'replicated' : 'memory' }
  }
}
