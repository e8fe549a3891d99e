/** Takes nodes out of Redis: this one when it ends, and those that have been dead for long. `beats.ts` owns it. */
import type { Clock } from '../clock.ts'
import { NODES_KEY } from '../log/redis/keys.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import { removeNode } from '../log/redis/scripts/remove-node.ts'
import { within } from '../within.ts'
import type { NodeId } from './link-message.ts'
import type { Sightings } from './sightings.ts'

/** A dead node is removed after so long. */
const REMOVE_MS = 60_000
/** A node that ends waits so long for Redis. */
const LEAVE_MS = 1000

export interface RemovalParts {
  readonly calls: RedisCalls
  readonly clock: Clock
}

export class Removals {
  readonly #parts: RemovalParts
  readonly #sightings: Sightings

  constructor(parts: RemovalParts, sightings: Sightings) {
    this.#parts = parts
    this.#sightings = sightings
  }

  /** After its last beat. Resolves with whether Redis has done it in time. */
  own(self: NodeId, beaten: Promise<void>): Promise<boolean> {
    const { calls, clock } = this.#parts
    const removed = beaten.then(() => calls.run(removeNode, NODES_KEY, [self, '']))
    const isRemoved = removed.then(
      () => true,
      () => false,
    )
    return within(clock, LEAVE_MS, isRemoved, () => false)
  }

  /** With each beat that is answered: any node does it. */
  dead(nowMs: number): void {
    for (const { id, counter } of this.#sightings.deadFor(REMOVE_MS, nowMs))
      this.#parts.calls.run(removeNode, NODES_KEY, [id, counter]).catch(() => {})
  }
}
