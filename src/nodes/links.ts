/**
 * The links of a node: one to each node that it needs, dialled at the first need and shared by all rooms, and those that
 * other nodes have dialled. Links have a direction, so that two nodes may have one each way: who dials needs rooms of who
 * accepts. `network.ts` connects, `link.ts` is one link.
 */
import type { Clock } from '../clock.ts'
import type { RoomLogger } from '../define.ts'
import { within } from '../within.ts'
import { Link, type LinkListener, type LinkParts } from './link.ts'
import type { NodeId } from './link-message.ts'
import { DialError, type DialFailure, type Network } from './network.ts'
import type { Roster } from './roster.ts'

/** Nodes that live, by their addresses. */
interface WithAddresses {
  get(id: NodeId): { readonly address: string } | undefined
}

export interface LinksParts extends LinkParts {
  readonly network: Network
  readonly clock: Clock
  /** Asks Redis who lives now. */
  readonly beat: () => Promise<boolean>
  readonly roster: LinkParts['roster'] & Pick<Roster, 'self' | 'dialled'> & WithAddresses
  readonly logger: RoomLogger
  /** The edge's part of a link that this node has dialled. */
  readonly dialled: (link: Link) => LinkListener
  /** The owner's part of a link that another node has dialled. */
  readonly accepted: (link: Link) => LinkListener
}

/** A dial waits so long to know of a node that has just started. */
const LOOK_MS = 500
/** A node that could not be dialled is not dialled again for so long: thousands of rooms may need it at once. */
const REMEMBERED_MS = { refused: 200, unreachable: 1000 }
/** What ends the links of a pair of nodes, ends both within this time: the silence on one is noticed a tick later. */
const TOGETHER_MS = 5000

export class Links {
  readonly #parts: LinksParts
  readonly #dialled = new Map<NodeId, Link>()
  readonly #dialling = new Map<NodeId, Promise<Link>>()
  readonly #accepted = new Map<NodeId, Link>()
  /** Give up what is being dialled. */
  readonly #giveUps = new Map<NodeId, (error: DialError) => void>()
  /** What came of the last try, if there is no link since. */
  readonly #failed = new Map<NodeId, DialFailure>()
  /** When Redis was last asked for a node that is not known, monotonic. */
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Links that stood when the end of the other one of their pair was logged, and when that was, monotonic. */
  readonly #toldWith = new WeakMap<Link, number>()
  #isClosed = false

  constructor(parts: LinksParts) {
    this.#parts = parts
  }

  /** Begins to accept links. Resolves with the address under which other nodes reach this one. */
  listen(): Promise<string> {
    return this.#parts.network.listen((channel) => {
      const link = new Link(this.#parts, channel)
      // Who dials again has given up the link of before; what it said there comes before what it says now.
      this.#accepted.get(link.node)?.end('the other node has dialled again')
      this.#accepted.set(link.node, link)
      const events = link.hearWith(this.#parts.accepted(link))
      void link.whenOver.then((reason) => this.#forget(link, reason, this.#accepted, this.#dialled))
      return events
    })
  }

  /** The link to a node, dialled if there is none. Rejects with a `DialError`. */
  to(node: NodeId): Promise<Link> {
    const link = this.known(node)
    if (link) return Promise.resolve(link)
    const dialling = this.#dialling.get(node) ?? this.#dial(node)
    this.#dialling.set(node, dialling)
    return dialling
  }

  /** A node was found dead: nobody waits until it would have answered. */
  died(node: NodeId): void {
    this.#giveUps.get(node)?.(new DialError('refused', 'it was found dead meanwhile'))
  }

  /** The link to a node, if there is one. */
  known(node: NodeId): Link | undefined {
    const link = this.#dialled.get(node)
    return link?.isOver === false ? link : undefined
  }

  /** All that stand: those that were dialled, and those that were accepted. */
  *all(): Iterable<Link> {
    for (const links of [this.#dialled, this.#accepted]) for (const link of links.values()) if (!link.isOver) yield link
  }

  /** Ends all, and accepts no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const link of [...this.#dialled.values(), ...this.#accepted.values()]) {
      link.send({ op: 'ends' })
      link.end('this node ends')
    }
    await this.#parts.network.close()
  }

  /** Clients name nodes too, which may not exist: Redis is asked again only after a while. */
  async #lookAnew(): Promise<void> {
    const { clock, beat } = this.#parts
    if (clock.monotonic() - this.#lookedMs < LOOK_MS) return
    this.#lookedMs = clock.monotonic()
    await within(clock, LOOK_MS, beat(), () => false)
  }

  async #dial(node: NodeId): Promise<Link> {
    const { clock, logger, roster } = this.#parts
    const connected = Promise.withResolvers<Link>()
    this.#giveUps.set(node, connected.reject)
    this.#connect(node).then(connected.resolve, connected.reject)
    try {
      const link = await connected.promise
      roster.dialled(node, undefined)
      this.#failed.delete(node)
      this.#dialling.delete(node)
      return link
    } catch (thrown) {
      const error = thrown instanceof DialError ? thrown : new DialError('unreachable', String(thrown))
      roster.dialled(node, error.failure)
      // It may be dialled each second. One that refuses has ended, or died; if it lives, a warning says so (`node-warnings.ts`).
      const level = error.failure === 'refused' ? 'info' : 'warn'
      // Clients may make ids up.
      if (roster.get(node) && this.#failed.get(node) !== error.failure)
        logger[level]({ node, failure: error.failure }, `no link to another node: ${error.message}`)
      for (const [id] of this.#failed) if (!roster.get(id)) this.#failed.delete(id)
      this.#failed.set(node, error.failure)
      clock.after(REMEMBERED_MS[error.failure], () => this.#dialling.delete(node))
      throw error
    } finally {
      this.#giveUps.delete(node)
    }
  }

  async #connect(node: NodeId): Promise<Link> {
    const { network, roster, dialled } = this.#parts
    if (this.#isClosed) throw new DialError('unreachable', 'this node ends')
    if (node === roster.self) throw new Error('expected another node to dial, got this one')
    // One that has started within the last second is known with the next beat.
    if (!roster.get(node)) await this.#lookAnew()
    const entry = roster.get(node)
    if (!entry) throw new DialError('refused', 'it is not among the nodes that live')
    const opened = Promise.withResolvers<Link>()
    await network.dial(entry.address, node, (channel) => {
      const link = new Link(this.#parts, channel)
      // It has ended while it dialled.
      if (this.#isClosed) link.close('this node ends')
      this.#dialled.set(node, link)
      const events = link.hearWith(dialled(link))
      void link.whenOver.then((reason) => this.#forget(link, reason, this.#dialled, this.#accepted))
      opened.resolve(link)
      return events
    })
    return opened.promise
  }

  /** `opposite`: those of the other direction. */
  #forget(link: Link, reason: string, links: Map<NodeId, Link>, opposite: Map<NodeId, Link>): void {
    const { clock, logger } = this.#parts
    if (links.get(link.node) === link) links.delete(link.node)
    const nowMs = clock.monotonic()
    const toldMs = this.#toldWith.get(link)
    if (this.#isClosed || (toldMs !== undefined && nowMs - toldMs < TOGETHER_MS)) return
    const other = opposite.get(link.node)
    if (other) this.#toldWith.set(other, nowMs)
    logger.info({ node: link.node }, `a link to another node is over: ${reason}`)
  }
}
