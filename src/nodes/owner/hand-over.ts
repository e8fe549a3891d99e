/**
 * Hands the rooms of a node that ends to others: each goes to the node that has most of its peers, of those the most
 * recently started, so that a rolling restart moves a room once. Messages wait at the edges, the room closes here and is
 * given up, the heir opens it, and the edges bring its peers there. `operations/drain.ts` begins it, before it dismisses
 * the peers of this node; the other end is `taking.ts`.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { Close, RoomError } from '../../errors.ts'
import type { HostedRoom } from '../../room/hosted-room.ts'
import type { Rooms } from '../../room/rooms.ts'
import { within } from '../../within.ts'
import type { Link } from '../link.ts'
import type { NodeId } from '../link-message.ts'
import type { NodeEntry, Roster } from '../roster.ts'
import type { Guests } from './guests.ts'
import { ENDING, TAKE } from './taking.ts'

/** How many rooms are handed over at once. */
const AT_ONCE = 64
/** How long edges may take to hold messages back. */
const QUIET_MS = 200
/** How long a node may take to be reached, until another is to have the room. */
const DIAL_MS = 1000
/** How long the heir may take to open a room, until it is left to the edges to ask for it. */
const TAKEN_MS = 1000

const LEFT =
  'rooms were not handed over in the time that DRAIN_MS leaves for it: they close here, and other nodes open them when asked'

/** A link to the node that is to have a room. */
type Heir = Pick<Link, 'node' | 'ask'>

/** The peers of rooms whose connections this node holds itself. */
export interface OwnPeers {
  /** What they say waits: the room is about to move. */
  hold(path: string): void
  /** The room has closed here, and is to be found at another node. */
  follow(path: string, heir: NodeId): void
}

export interface HandOverParts {
  readonly clock: Clock
  readonly logger: RoomLogger
  readonly rooms: Pick<Rooms, 'open' | 'whileClosed'>
  readonly roster: Pick<Roster, 'self' | 'all'>
  readonly links: { to(node: NodeId): Promise<Heir> }
  readonly guests: Pick<Guests, 'peersOf' | 'moving' | 'leadTo' | 'drain'>
  readonly ownPeers: OwnPeers
}

export class HandOver {
  readonly #parts: HandOverParts
  /** Nodes that end too, and have not said so with a beat yet. */
  readonly #ending = new Set<NodeId>()
  #untilMs = 0
  /** Rooms that have an heir, and are not there yet. */
  readonly #onTheirWay = new Set<string>()
  #hasHeir = false

  constructor(parts: HandOverParts) {
    this.#parts = parts
  }

  /**
   * Hands over every room with peers: as many as can be begun within `ms`, which have as long again. The others are closed
   * with the node. Does not reject.
   */
  async run(ms: number): Promise<void> {
    const { clock, logger, rooms, guests } = this.#parts
    guests.drain()
    this.#untilMs = clock.monotonic() + ms
    await within(clock, 2 * ms, this.#handAll(), nothing)
    const withPeers = [...rooms.open()].map(({ room }) => room).filter(({ count }) => count > 0)
    const left = this.#onTheirWay.union(new Set(withPeers.map(({ path }) => path)))
    if (left.size > 0 && this.#hasHeir) logger.warn({ rooms: left.size }, LEFT)
  }

  /** Its time is over: what is not handed over yet closes with the node. */
  get #isOver(): boolean {
    return this.#parts.clock.monotonic() >= this.#untilMs
  }

  async #handAll(): Promise<void> {
    const { rooms } = this.#parts
    const tried = new Set<HostedRoom>()
    // Also those that were about to open when it began.
    for (;;) {
      const left = [...rooms.open()].map(({ room }) => room).filter((room) => room.count > 0 && !tried.has(room))
      if (left.length === 0 || this.#isOver) return
      const rest = left.values()
      const some = async () => {
        for (const room of rest) {
          if (this.#isOver) return
          tried.add(room)
          await this.#hand(room)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, some))
    }
  }

  async #hand(room: HostedRoom): Promise<void> {
    const { path } = room
    const { clock, logger, rooms, guests, ownPeers } = this.#parts
    const link = await this.#heirOf(path)
    if (!link || this.#isOver) return
    this.#hasHeir = true
    const heir = link.node
    this.#onTheirWay.add(path)
    guests.leadTo(path, heir)
    ownPeers.hold(path)
    await within(clock, QUIET_MS, guests.moving(path), nothing)
    const edges = this.#edgesOf(room)
    const closed = () => {
      ownPeers.follow(path, heir)
      return within(clock, TAKEN_MS, this.#ask(link, { path, edges }), nothing)
    }
    await rooms.whileClosed(path, closed, Close.moved).catch((error: unknown) => {
      logger.warn({ err: error, room: path }, 'a room was not handed over in time')
    })
    this.#onTheirWay.delete(path)
  }

  /** The nodes that have peers of a room, this one included. */
  #edgesOf({ path, connected }: HostedRoom): NodeId[] {
    const { guests, roster } = this.#parts
    const others = [...guests.peersOf(path)].filter(([, peers]) => peers > 0)
    const elsewhere = others.reduce((sum, [, peers]) => sum + peers, 0)
    const edges = others.map(([node]) => node)
    return connected > elsewhere ? [...edges, roster.self] : edges
  }

  /** The link to the heir. `undefined`: nobody else lives who stays and is reached. */
  async #heirOf(path: string): Promise<Heir | undefined> {
    const { clock, roster, guests, links } = this.#parts
    const peers = guests.peersOf(path)
    const count = ({ id }: NodeEntry) => peers.get(id) ?? 0
    const stays = ({ id, isDraining }: NodeEntry) => id !== roster.self && !isDraining && !this.#ending.has(id)
    const others = [...roster.all()].filter(stays)
    for (const { id } of others.sort((a, b) => count(b) - count(a) || b.startedMs - a.startedMs)) {
      // It may have ended meanwhile.
      const link = await within(clock, DIAL_MS, links.to(id).catch(nothing), nothing)
      if (link) return link
    }
    return undefined
  }

  async #ask(heir: Heir, asked: { readonly path: string; readonly edges: readonly NodeId[] }): Promise<void> {
    try {
      await heir.ask(TAKE, z.undefined(), asked)
    } catch (error) {
      // The edges find it all the same.
      const { logger } = this.#parts
      const [room, node] = [asked.path, heir.node]
      // This node ends before it could answer.
      if (this.#isOver) return
      const isEnding = error instanceof RoomError && error.code === ENDING
      if (isEnding) {
        if (!this.#ending.has(node)) logger.info({ node }, 'a node that was to have rooms of this one ends too')
        this.#ending.add(node)
      } else logger.warn({ err: error, room, node }, 'a room was handed over, and its heir did not open it')
    }
  }
}

function nothing(): undefined {}
