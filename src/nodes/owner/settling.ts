/**
 * Rooms that were at another node until now: not all of their peers may be here yet, which their descriptions say. A room
 * has settled when each node that may have peers of it has brought them, and after a second at the latest. `taking.ts`
 * and a claim say when it begins, `guests.ts` and `edge/home-finder.ts` who has brought its peers.
 */
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../link-message.ts'

/** After so long all living edges have brought their peers. */
const SETTLED_MS = 1000

interface Entry {
  /** Monotonic. */
  readonly untilMs: number
  /** Those that have not brought their peers; `undefined`: it is not known who has any. */
  readonly missing: Set<NodeId> | undefined
}

export class Settling {
  readonly #clock: Clock
  /** The first first. */
  readonly #rooms = new Map<string, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `edges`: the nodes that may have peers of the room. */
  began(path: string, edges?: Iterable<NodeId>): void {
    const now = this.#clock.monotonic()
    for (const [oldest, { untilMs }] of this.#rooms) {
      if (untilMs > now) break
      this.#rooms.delete(oldest)
    }
    this.#rooms.delete(path)
    const missing = edges && new Set(edges)
    if (missing?.size !== 0) this.#rooms.set(path, { untilMs: now + SETTLED_MS, missing })
  }

  /** All peers that the node had of the room are in it. */
  readonly brought = (path: string, node: NodeId): void => {
    const missing = this.#rooms.get(path)?.missing
    if (missing?.delete(node) && missing.size === 0) this.#rooms.delete(path)
  }

  /** Whether not all of its peers may have been brought yet. */
  isSettling(path: string): boolean {
    return (this.#rooms.get(path)?.untilMs ?? 0) > this.#clock.monotonic()
  }
}
