/**
 * The network between the machines of a simulation: who listens where, which connections stand, and what is wrong on the
 * way from one machine to another. `sim-network.ts` is one node's part of it, `sim-link.ts` one connection.
 */
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import type { Channel, ChannelEvents } from '../../src/nodes/network.ts'
import type { Dice } from '../support/random.ts'
import type { NodeClock } from './node-clock.ts'
import type { SimLink } from './sim-link.ts'
import type { Timeline } from './timeline.ts'

interface Listening {
  readonly machine: string
  readonly clock: NodeClock
  readonly node: NodeId
  readonly accept: (channel: Channel) => ChannelEvents
}

/** What is wrong on the way from one machine to another. */
export interface WayTrouble {
  /** Nothing arrives before this time of the simulation. */
  readonly silentUntilMs?: number
  /** Who dials is refused, though somebody listens. */
  readonly isRefused?: boolean
  /** The most that a message takes more than usual. */
  readonly slowMs?: number
}

/** All that connects nodes. */
export class SimNet {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly listening = new Map<string, Listening>()
  readonly #ways = new Map<string, WayTrouble>()
  readonly #channels = new Set<SimLink>()
  /** Machines that are gone: whoever dials hears nothing. */
  readonly gone = new Set<string>()
  /** What becomes of a message: a planted mistake. */
  spoken: (message: LinkMessage) => LinkMessage = (message) => message
  #ports = 0

  constructor(timeline: Timeline, dice: Dice) {
    this.timeline = timeline
    this.dice = dice
  }

  /** A port that nobody has had. */
  newPort(): number {
    this.#ports += 1
    return 40_000 + this.#ports
  }

  way(from: string, to: string): WayTrouble {
    return this.#ways.get(`${from} ${to}`) ?? WELL
  }

  trouble(from: string, to: string, trouble: WayTrouble): void {
    this.#ways.set(`${from} ${to}`, { ...this.way(from, to), ...trouble })
  }

  isRefused(from: string, to: string): boolean {
    return this.way(from, to).isRefused === true
  }

  opened(link: SimLink): void {
    this.#channels.add(link)
  }

  over(link: SimLink): void {
    this.#channels.delete(link)
  }

  /** The connections between two machines end; `half`: only one of their ends hears of it. */
  cut(a: string, b: string, half = false): void {
    for (const link of [...this.#channels])
      if (link.isBetween(a, b)) link.cut(half ? this.dice.pick([0, 1]) : undefined)
  }

  /** A process has died: its machine tells the others. */
  died(machine: string): void {
    for (const [address, { machine: on }] of this.listening) if (on === machine) this.listening.delete(address)
    for (const link of [...this.#channels]) if (link.has(machine)) link.died(machine)
  }

  /** A node accepts nothing more, and ends what it has. */
  closed(node: NodeId): void {
    for (const { ends } of [...this.#channels]) for (const end of ends) if (end.self.node === node) end.close()
  }

  /** All is well from now on. What was silent has ended. */
  heal(): void {
    const silent = [...this.#ways].filter(([, { silentUntilMs = 0 }]) => silentUntilMs > this.timeline.nowMs)
    this.#ways.clear()
    this.gone.clear()
    for (const [way] of silent) {
      const [from = '', to = ''] = way.split(' ')
      this.cut(from, to)
    }
    for (const link of [...this.#channels]) if (link.isHalf) link.cut(undefined)
  }

  /** Something goes from a machine to another: no earlier than `atMs`. Returns when it arrives. */
  arrival(from: string, to: string, atMs: number): number {
    const { silentUntilMs = 0, slowMs = 0 } = this.way(from, to)
    const usual = 0.1 + this.dice.next() * (this.dice.oneIn(30) ? 30 : 1)
    const slow = slowMs > 0 && this.dice.oneIn(3) ? this.dice.next() * slowMs : 0
    return Math.max(atMs, silentUntilMs, this.timeline.nowMs + usual + slow)
  }
}

const WELL: WayTrouble = {}
