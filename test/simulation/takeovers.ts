/**
 * Who owns the rooms of a simulation, and since when: nobody takes a room from a node that was well, and a node that lost a
 * room without knowing it says no more in it than 3 s after it runs again.
 */
import type { Machine } from './machine.ts'
import type { SimNode } from './node.ts'
import type { Broken, Former, RoomLedger } from './room-ledger.ts'
import type { World } from './world.ts'

/** A node that was well for so long is alive for all. */
const WELL_MS = 15_000
/** What a node could not hear, or not answer, counts for so long, unless it is seen to beat since. */
const HEARD_MS = 3000
/** Whether nodes hear is looked at so often. */
const LOOK_MS = 50
/** It may go on so long in a room that it has lost, while it runs and reaches Redis. */
const FENCED_MS = 3000
/** And so long where it does not, if the room was taken before it was dead by its beats. */
const PROOF_MS = 10_000

/** A room that a node has lost while it lived. */
interface Loss {
  /** How long the node had run. */
  readonly ranMs: number
  /** It may still have proof. */
  readonly isEarly: boolean
}

export class Takeovers {
  readonly #world: World
  readonly #broken: Broken
  /** By node and path. */
  readonly #lost = new Map<string, Loss>()
  /** By node: when it did not hear what is said through Redis. */
  readonly #deafMs = new Map<string, number>()

  constructor(world: World, broken: Broken) {
    this.#world = world
    this.#broken = broken
    this.#look()
  }

  moved({ path, owner, term }: RoomLedger, { from, last, isExcused }: Former): void {
    const { timeline } = this.#world
    timeline.note(`${path} is ${owner || 'nobody'}'s, was ${from || 'nobody'}'s, term ${term}`)
    if (owner === '') return
    this.#lost.delete(`${owner} ${path}`)
    if (owner === last || isExcused) return
    const former = this.#machineOf(last)
    if (!former?.node) return
    // One that was refused was taken for dead; or Redis has lost whose it is.
    const isEarly = from === '' || former.dials.ms <= WELL_MS
    this.#lost.set(`${last} ${path}`, { ranMs: former.node.clock.ranMs, isEarly })
    if (from !== '' && this.#wasWell(former)) this.#broken(`${path}: was taken from ${former.name}, which was well`)
  }

  /** Whether nobody may take its rooms. That it could not be dialled is no reason, unless it could not be asked either. */
  #wasWell({ node, health, dials }: Machine): boolean {
    const { redisHealth } = this.#world
    if (!node || node.isEnding || health.ms < WELL_MS || redisHealth.ms < WELL_MS) return false
    return dials.ms > WELL_MS || !this.#isDeaf(node, HEARD_MS)
  }

  /** A room of a node says something. */
  broadcast(node: SimNode, path: string): void {
    const loss = this.#lost.get(`${node.id} ${path}`)
    // Where there are two masters, each has its own owner.
    if (!loss || this.#world.redisHealth.ms < FENCED_MS) return
    const mostMs = loss.isEarly && this.#isDeaf(node, FENCED_MS) ? PROOF_MS : FENCED_MS
    const ranMs = node.clock.ranMs - loss.ranMs
    if (ranMs > mostMs)
      this.#broken(`${path}: a node that has lost it for ${Math.round(ranMs)} ms says something in it`)
  }

  /** It did not hear what is said through Redis, or was not heard, within so long. */
  #isDeaf({ id }: SimNode, withinMs: number): boolean {
    return this.#world.timeline.nowMs - (this.#deafMs.get(id) ?? 0) <= withinMs
  }

  #look(): void {
    const { timeline, nodes } = this.#world
    for (const { id, line } of nodes) if (!line.hears) this.#deafMs.set(id, timeline.nowMs)
    timeline.after(LOOK_MS, 'look', () => this.#look())
  }

  #machineOf(id: string): Machine | undefined {
    return this.#world.machines.find(({ node }) => node?.id === id)
  }
}
