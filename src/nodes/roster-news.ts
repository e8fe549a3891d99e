/**
 * What the server's log says of nodes that come and go, so that the id of a node in `/admin` and in other lines leads to an
 * address. One that was never seen to beat may have died before this node started: nothing is said of it.
 * `node-warnings.ts` owns it.
 */
import type { RoomLogger } from '../define.ts'
import type { NodeId } from './link-message.ts'
import type { NodeField } from './node-field.ts'
import type { NodeEntry } from './roster.ts'

export class RosterNews {
  readonly #logger: RoomLogger
  /** Not yet seen to beat: their counters. */
  readonly #waiting = new Map<NodeId, string>()
  readonly #here = new Map<NodeId, NodeEntry>()

  constructor(logger: RoomLogger) {
    this.#logger = logger
  }

  /** `kept`: the other nodes that Redis has. `living`: those of them that are not dead. */
  update(kept: ReadonlyMap<NodeId, NodeField>, living: readonly NodeEntry[]): void {
    const lives = new Set(living.map(({ id }) => id))
    for (const [id, entry] of this.#here) if (!lives.has(id)) this.#gone(entry, kept.get(id))
    for (const id of this.#waiting.keys()) if (!kept.has(id)) this.#waiting.delete(id)
    for (const entry of living) this.#seen(entry, kept.get(entry.id)?.counter)
  }

  #seen(entry: NodeEntry, counter: string | undefined): void {
    const { id, address, version } = entry
    if (counter === undefined || this.#here.has(id)) return
    const before = this.#waiting.get(id)
    this.#waiting.set(id, counter)
    if (before === undefined || before === counter) return
    this.#waiting.delete(id)
    this.#here.set(id, entry)
    this.#logger.info({ node: id, address, version }, 'another node is here')
  }

  #gone({ id, address }: NodeEntry, kept: NodeField | undefined): void {
    this.#here.delete(id)
    if (!kept) {
      this.#logger.info({ node: id, address }, 'another node has ended')
      return
    }
    this.#waiting.set(id, kept.counter)
    this.#logger.warn(
      { node: id, address },
      'another node is dead or frozen: it has not beaten for 10 s, others take its rooms',
    )
  }
}
