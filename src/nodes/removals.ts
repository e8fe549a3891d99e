/** Takes nodes out of Redis: this one when it ends, and those that have been dead for long. `beats.ts` owns it. */
import { NODES_KEY } from '../log/redis/keys.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import { removeNode } from '../log/redis/scripts/remove-node.ts'
import type { NodeId } from './link-message.ts'
import type { Sightings } from './sightings.ts'

/** A dead node is removed after so long. */
const REMOVE_MS = 60_000

export class Removals {
  readonly #calls: RedisCalls
  readonly #sightings: Sightings

  constructor(calls: RedisCalls, sightings: Sightings) {
    this.#calls = calls
    this.#sightings = sightings
  }

  async own(self: NodeId): Promise<void> {
    await this.#calls.run(removeNode, NODES_KEY, [self, ''])
  }

  /** With each beat that is answered: any node does it. */
  dead(nowMs: number): void {
    for (const { id, counter } of this.#sightings.deadFor(REMOVE_MS, nowMs))
      this.#calls.run(removeNode, NODES_KEY, [id, counter]).catch(() => {})
  }
}
