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
/** So long after something was wrong with Redis a node that refuses may not have been able to say that it lives. */
const HEARD_MS = 8000
/** It may go on so long in a room that it has lost, while it runs. */
const FENCED_MS = 3000
const PROOF_MS = 10_000

export class Takeovers {
  readonly #world: World
  readonly #broken: Broken
  /** By node and path: how long the node had run when it lost the room. */
  readonly #lost = new Map<string, number>()

  constructor(world: World, broken: Broken) {
    this.#world = world
    this.#broken = broken
  }

  moved({ path, owner, term }: RoomLedger, { from, last, isExcused }: Former): void {
    const { timeline } = this.#world
    timeline.note(`${path} is ${owner || 'nobody'}'s, was ${from || 'nobody'}'s, term ${term}`)
    if (owner === '') return
    this.#lost.delete(`${owner} ${path}`)
    if (owner === last || isExcused) return
    const former = this.#machineOf(last)
    if (!former?.node) return
    this.#lost.set(`${last} ${path}`, former.node.clock.ranMs)
    if (from !== '' && this.#wasWell(former)) this.#broken(`${path}: was taken from ${former.name}, which was well`)
  }

  /** Whether nobody may take its rooms. That it could not be dialled is no reason, unless Redis was away too. */
  #wasWell({ node, health, dials }: Machine): boolean {
    const { redisHealth, redisAiledMs, timeline } = this.#world
    if (!node || node.isEnding || health.ms < WELL_MS || redisHealth.ms < WELL_MS) return false
    return dials.ms > WELL_MS || timeline.nowMs - redisAiledMs > HEARD_MS
  }

  /** A room of a node says something. */
  broadcast(node: SimNode, path: string): void {
    const lostMs = this.#lost.get(`${node.id} ${path}`)
    const dials = this.#machineOf(node.id)?.dials.ms ?? 0
    // One that refused is taken for dead at once, and has its proof still.
    const mostMs = dials > WELL_MS ? FENCED_MS : FENCED_MS + PROOF_MS
    if (lostMs === undefined || node.clock.ranMs - lostMs <= mostMs) return
    this.#broken(
      `${path}: a node that has lost it for ${Math.round(node.clock.ranMs - lostMs)} ms says something in it`,
    )
  }

  #machineOf(id: string): Machine | undefined {
    return this.#world.machines.find(({ node }) => node?.id === id)
  }
}
